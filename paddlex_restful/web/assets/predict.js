"use strict";

window.dash_clientside = window.dash_clientside || {};

{
  const { drawing } = window;

  // Of the files that were chosen last; a File does not fit into a store of Dash.
  let files = [];
  let stream = null;

  const offer = (chosen) => {
    files = [...chosen];
    if (files.length) {
      window.dash_clientside.set_props("predict-offered", { data: Date.now() });
    }
  };

  const dropZone = (event) => event.target instanceof Element && event.target.closest("#predict-drop");

  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      const zone = dropZone(event);
      if (zone) {
        event.preventDefault();
        zone.classList.add("drop-over");
      }
    });
  }
  document.addEventListener("dragleave", (event) => dropZone(event)?.classList.remove("drop-over"));
  document.addEventListener("drop", (event) => {
    const zone = dropZone(event);
    if (zone) {
      event.preventDefault();
      zone.classList.remove("drop-over");
      offer(event.dataTransfer.files);
    }
  });

  const element = (type, props) => ({ namespace: "dash_html_components", type, props });
  const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  const entriesOf = (shown, threshold, classes) =>
    shown.objects.filter(
      (one) => classes.includes(String(one.category_id)) && (one.score === undefined || one.score >= threshold),
    );

  const swatch = (colour) => element("Span", { className: "swatch", style: { background: colour } });

  const lineOf = (entry, share) =>
    element("Li", {
      children: [
        swatch(entry.colour),
        element("Span", { children: entry.category, className: "anywhere" }),
        element("Span", { children: drawing.percent(share), className: "share" }),
      ],
    });

  const barOf = (guess) =>
    element("Li", {
      children: [
        element("Span", { children: guess.category, className: "anywhere" }),
        element("Span", { children: drawing.percent(guess.score), className: "share" }),
        element("Span", {
          className: "bar",
          children: element("Span", { style: { width: `${100 * guess.score}%`, background: guess.colour } }),
        }),
      ],
    });

  // What is found, in words beside the picture.
  const answerOf = (shown, entries, words) => {
    const parts = [];
    if (shown.guesses.length) {
      parts.push(element("Ol", { children: shown.guesses.map(barOf), className: "answers" }));
    } else if (entries.length) {
      const count = entries.length.toLocaleString(document.documentElement.lang);
      const found = shown.type === "segmentation" ? words.shares : fill(words.found, { count });
      const lines = entries.slice(0, 100).map((one) => lineOf(one, one.score ?? one.share));
      parts.push(element("P", { children: found }), element("Ol", { children: lines, className: "answers" }));
    } else {
      const [surest] = shown.objects;
      const score = surest?.score === undefined ? null : drawing.percent(surest.score);
      parts.push(element("P", { children: score ? fill(words.below, { score }) : words.nothing }));
    }
    if (typeof shown.truth === "string") {
      parts.push(element("P", { children: fill(words.truth, { name: shown.truth }) }));
    }
    return parts;
  };

  // Which drawing is wanted by now: images arrive later, and in any order.
  let latest = 0;
  let kept = { address: "", image: null };

  const loaded = async (address) => {
    if (kept.address !== address) {
      const image = new Image();
      image.src = address;
      kept = { address, image };
    }
    await kept.image.decode();
    return kept.image;
  };

  const paint = async (shown, entries, opacity, truth, words) => {
    latest += 1;
    const mine = latest;
    const image = await loaded(shown.address);
    const canvas = document.getElementById("predict-canvas");
    if (mine !== latest || !canvas) {
      return;
    }
    const [first] = shown.guesses;
    drawing.draw(canvas, image, entries, {
      size: shown.size,
      opacity,
      truth: truth && Array.isArray(shown.truth) ? shown.truth : [],
      caption: first && { text: `${first.category} ${drawing.percent(first.score)}`, colour: first.colour },
    });
    const found = (first ? [first] : entries).map((one) => one.category).join(", ") || words.nothing;
    canvas.setAttribute("aria-label", fill(words.picture, { name: shown.name, found }));
    canvas.dataset.drawn = shown.address;
    for (const button of document.querySelectorAll(".thumbnail")) {
      button.setAttribute("aria-current", String(JSON.parse(button.id).index === shown.index));
    }
  };

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  const stemOf = (shown) => shown.name.replace(/^.*[/\\]/, "").replace(/\.[^.]*$/, "") || "picture";

  const stopCamera = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    window.dash_clientside.set_props("predict-camera", { display: "none" });
  };

  // Who goes to another page leaves no camera behind that films on.
  const stopWithout = (video) => {
    new MutationObserver((_, watcher) => {
      if (!video.isConnected) {
        watcher.disconnect();
        stopCamera();
      }
    }).observe(document.body, { childList: true, subtree: true });
  };

  window.dash_clientside.predict = {
    choose(clicks) {
      if (!clicks) {
        return;
      }
      const input = document.createElement("input");
      input.type = "file";
      input.multiple = true;
      input.accept = "image/*";
      input.addEventListener("change", () => offer(input.files));
      input.click();
    },

    send(offered, epoch, to) {
      if (!offered) {
        return;
      }
      const { set_props: set } = window.dash_clientside;
      const form = new FormData();
      for (const file of files) {
        form.append("pictures", file, file.name);
      }
      form.append("score_thresh", to.score);
      if (epoch !== "best") {
        form.append("epoch", epoch);
      }
      const request = new XMLHttpRequest();
      const end = (problem) => {
        set("predict-sending-box", { display: "none" });
        set("predict-sent", { data: { problem, at: Date.now() } });
      };
      request.open("POST", to.address);
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => {
        set("predict-sending", { value: (100 * event.loaded) / event.total });
      });
      request.addEventListener("load", () => end(request.response ? request.response.problem : to.lost));
      request.addEventListener("error", () => end(to.lost));
      set("predict-sending", { value: 0 });
      set("predict-sending-box", { display: "block" });
      request.send(form);
    },

    async openCamera(clicks, words) {
      if (!clicks) {
        return ["none", "", "none"];
      }
      if (!navigator.mediaDevices?.getUserMedia) {
        return ["none", words.noCamera, "block"];
      }
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
      } catch {
        return ["none", words.noAccess, "block"];
      }
      const video = document.getElementById("predict-video");
      video.srcObject = stream;
      stopWithout(video);
      return ["block", "", "none"];
    },

    takePicture(clicks) {
      const video = document.getElementById("predict-video");
      if (!clicks || !video.videoWidth) {
        return;
      }
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      const taken = (blob) => offer([new File([blob], "camera.jpg", { type: "image/jpeg" })]);
      canvas.toBlob(taken, "image/jpeg", 0.92);
      stopCamera();
    },

    closeCamera(clicks) {
      if (clicks) {
        stopCamera();
      }
    },

    draw(shown, threshold, classes, opacity, truth, words) {
      const told = [shown.name, drawing.percent(threshold), drawing.percent(opacity)];
      document.getElementById("predict-canvas").hidden = Boolean(shown.error);
      if (shown.error) {
        return [...told, [], shown.error];
      }
      const entries = entriesOf(shown, threshold, classes);
      paint(shown, entries, opacity, truth, words);
      return [...told, answerOf(shown, entries, words), ""];
    },

    save_picture(clicks, shown) {
      if (clicks) {
        document.getElementById("predict-canvas").toBlob((blob) => save(blob, `${stemOf(shown)}.png`));
      }
    },

    save_json(clicks, shown, threshold, classes) {
      if (!clicks) {
        return;
      }
      const plain = ({ colour, ...entry }) => entry;
      const answer = shown.guesses.length
        ? { topk: shown.guesses.map(plain) }
        : { size: shown.size, objects: entriesOf(shown, threshold, classes).map(plain) };
      const text = JSON.stringify({ image: shown.name, ...answer }, null, 2);
      save(new Blob([text], { type: "application/json" }), `${stemOf(shown)}.json`);
    },
  };
}
