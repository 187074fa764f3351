"use strict";

window.dash_clientside = window.dash_clientside || {};

// What goes to the server: archives in chunks that resume, folders as a tar archive that is made on the way, single
// images as a form. The page of the dataset need not stay open, but the browser's tab.
(() => {
  const CHUNK = 8 << 20;
  const ATTEMPTS = 6;
  const ARCHIVE = /\.(zip|tar|tar\.gz|tgz)$/i;

  let current = null;

  class Refusal extends Error {}

  const zoneNow = () => document.getElementById("dataset-upload-zone");

  function set(id, properties) {
    if (document.getElementById(id)) window.dash_clientside.set_props(id, properties);
  }

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);

  function bytes(count) {
    const units = ["B", "KB", "MB", "GB"];
    let unit = 0;
    for (; count >= 1000 && unit < units.length - 1; unit += 1) count /= 1000;
    return `${count.toFixed(unit && count < 100 ? 1 : 0)} ${units[unit]}`;
  }

  // ---- Requests

  function send(method, url, body, headers = {}, onProgress = () => {}) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      current.request = request;
      request.open(method, url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => onProgress(event.loaded);
      request.onerror = () => reject(new TypeError("network"));
      request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
      request.onload = () => {
        let answer;
        try {
          answer = JSON.parse(request.responseText);
        } catch (_error) {
          reject(new TypeError("network"));
          return;
        }
        if (answer.status === 1) resolve(answer);
        else if (request.status === 503) reject(new TypeError("network"));
        else reject(new Refusal(answer.message));
      };
      request.send(body);
    });
  }

  const call = (method, url, values) =>
    send(method, url, values ? JSON.stringify(values) : null, { "Content-Type": "application/json" });

  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  // ---- Archives

  // The upload that a file began earlier, so that it goes on where it stopped.
  async function begun(name, content, key) {
    const known = localStorage.getItem(key);
    if (known) {
      try {
        const { offset, size } = await call("GET", `/upload?upload_id=${encodeURIComponent(known)}`);
        if (size === content.size) return { upload_id: known, offset };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
    const made = await call("POST", "/upload", { name, size: content.size });
    localStorage.setItem(key, made.upload_id);
    return made;
  }

  async function sendArchive(name, content, key) {
    const { upload_id, offset: start } = await begun(name, content, key);
    current.upload_id = upload_id;
    const address = `/upload?upload_id=${encodeURIComponent(upload_id)}`;
    let offset = start;
    let failures = 0;
    while (offset < content.size) {
      progress(name, offset, content.size);
      try {
        const from = offset;
        const chunk = content.slice(from, from + CHUNK);
        const answer = await send("PUT", `${address}&offset=${from}`, chunk, {}, (sent) =>
          progress(name, from + sent, content.size),
        );
        offset = answer.offset;
        failures = 0;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        failures += 1;
        if (failures === ATTEMPTS) throw error;
        set("dataset-upload-text", { children: current.texts.resuming });
        await pause(2 ** (failures - 1));
        if (current.cancelled) throw new DOMException("cancelled", "AbortError");
        // What arrived of a chunk whose answer was lost counts.
        offset = (await call("GET", address).catch(() => ({ offset }))).offset;
      }
    }
    progress(name, content.size, content.size);
    set("dataset-upload-text", { children: current.texts.starting });
    await call("PUT", "/dataset", { did: current.did, upload_id });
    localStorage.removeItem(key);
  }

  // ---- Folders, as a tar archive

  const encoder = new TextEncoder();

  function header(path, size, kind) {
    const block = new Uint8Array(512);
    const write = (text, at) => block.set(encoder.encode(text), at);
    const octal = (number, length) => number.toString(8).padStart(length - 1, "0");
    block.set(encoder.encode(path).slice(0, 99), 0);
    write(octal(0o644, 8), 100);
    write(octal(0, 8), 108);
    write(octal(0, 8), 116);
    write(octal(size, 12), 124);
    write(octal(0, 12), 136);
    write("        ", 148);
    write(kind, 156);
    write("ustar\x0000", 257);
    write(`${octal(block.reduce((sum, byte) => sum + byte, 0), 7)}\0 `, 148);
    return block;
  }

  const padding = (size) => new Uint8Array((512 - (size % 512)) % 512);

  // The whole path, of any length and in any letters, in a record before the file.
  function named(path) {
    const tail = ` path=${path}\n`;
    const length = encoder.encode(tail).length;
    let total = length + 1;
    while (String(total).length + length !== total) total = String(total).length + length;
    const record = encoder.encode(`${total}${tail}`);
    return [header("path", record.length, "x"), record, padding(record.length)];
  }

  function tar(entries) {
    const parts = [];
    for (const { path, file } of entries) {
      if (encoder.encode(path).length > 99 || /[^\x20-\x7e]/.test(path)) parts.push(...named(path));
      parts.push(header(path, file.size, "0"), file, padding(file.size));
    }
    parts.push(new Uint8Array(1024));
    return new Blob(parts);
  }

  // ---- Single images

  async function sendImages(entries, label) {
    const suffixes = zoneNow().dataset.images.split(" ");
    const form = new FormData();
    form.append("did", current.did);
    if (label) form.append("label", label);
    const size = entries.reduce((sum, { file }) => sum + file.size, 0);
    // The annotation of a segmentation is a PNG that is named like its image, which is then of another kind.
    const stem = ({ name }) => name.replace(/\.[^.]*$/, "");
    const isImage = ({ name }) => suffixes.some((suffix) => name.toLowerCase().endsWith(suffix));
    const isPng = ({ name }) => name.toLowerCase().endsWith(".png");
    const photographs = new Set(entries.filter(({ file }) => isImage(file) && !isPng(file)).map(({ file }) => stem(file)));
    for (const { file } of entries) {
      const image = isImage(file) && !(isPng(file) && photographs.has(stem(file)));
      form.append(image ? "images" : "annotations", file, file.name);
    }
    const name = entries.length === 1 ? entries[0].file.name : `${entries.length} ×`;
    await send("PUT", "/dataset/images", form, {}, (sent) => progress(name, Math.min(sent, size), size));
  }

  // ---- What the visitor sees

  function progress(name, sent, size) {
    const text = fill(current.texts.uploading, { name, sent: bytes(sent), size: bytes(size) });
    set("dataset-upload-going", { hidden: false });
    set("dataset-upload-text", { children: text });
    set("dataset-upload-bar", { value: (100 * sent) / size });
  }

  function tell(text) {
    set("dataset-upload-problem", { children: text });
  }

  function work(entries) {
    const zone = zoneNow();
    const texts = JSON.parse(zone.dataset.texts);
    const files = entries.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")));
    const archives = files.filter(({ file }) => ARCHIVE.test(file.name));
    const whole = files.some(({ path }) => path.includes("/"));
    const label = zone.dataset.classified && !whole && !archives.length ? labelNow() : "";
    const replace = document.getElementById("dataset-import-replace");
    tell("");
    if (current) return;
    if (!files.length) return tell(texts.nothing);
    if (!whole && archives.length && files.length > 1) return tell(texts.mixed);
    if ((whole || archives.length) && !replace.checked) return tell(texts.replace);
    if (zone.dataset.classified && !whole && !archives.length && !label) return tell(texts.label);
    current = { did: zone.dataset.did, texts };
    run(files, whole, archives.length > 0, label);
  }

  const labelNow = () => {
    const field = document.getElementById("dataset-upload-label");
    return field ? field.value.trim() : "";
  };

  async function run(files, whole, archived, label) {
    try {
      if (whole) {
        const name = files[0].path.split("/")[0];
        const content = tar(files);
        await sendArchive(`${name}.tar`, content, `upload ${name} ${content.size} ${files.length}`);
      } else if (archived) {
        const [{ file }] = files;
        await sendArchive(file.name, file, `upload ${file.name} ${file.size} ${file.lastModified}`);
      } else {
        await sendImages(files, label);
      }
      if (zoneNow()?.dataset.did === current.did) {
        window.dash_clientside.set_props("dataset-import-begun", { data: Date.now() });
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        tell(error instanceof Refusal ? error.message : current.texts.broken);
        if (!(error instanceof Refusal || error instanceof TypeError)) throw error;
      } else if (current.upload_id) {
        fetch(`/upload?upload_id=${encodeURIComponent(current.upload_id)}`, { method: "DELETE" });
      }
    } finally {
      current = null;
      set("dataset-upload-going", { hidden: true });
    }
  }

  // ---- What the visitor does

  function choose(properties) {
    const input = Object.assign(document.createElement("input"), { type: "file" }, properties);
    input.onchange = () =>
      work(Array.from(input.files, (file) => ({ path: file.webkitRelativePath || file.name, file })));
    input.click();
  }

  async function walk(entry, path, found) {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ path: path + entry.name, file });
      return;
    }
    const reader = entry.createReader();
    const next = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    for (let batch = await next(); batch.length; batch = await next()) {
      for (const one of batch) await walk(one, `${path}${entry.name}/`, found);
    }
  }

  const zoneOf = (event) => event.target instanceof Element && event.target.closest(".drop-zone[data-did]");

  document.addEventListener("dragover", (event) => {
    const zone = zoneOf(event);
    document.querySelectorAll(".drop-zone.drop-over").forEach((one) => one !== zone && one.classList.remove("drop-over"));
    if (!zone) return;
    event.preventDefault();
    zone.classList.add("drop-over");
  });

  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.querySelectorAll(".drop-zone.drop-over").forEach((one) => one.classList.remove("drop-over"));
  });

  document.addEventListener("drop", async (event) => {
    const zone = zoneOf(event);
    if (!zone) return;
    event.preventDefault();
    zone.classList.remove("drop-over");
    // Taken at once: the browser forgets them with the event.
    const entries = Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry()).filter(Boolean);
    const found = [];
    for (const entry of entries) await walk(entry, "", found);
    work(found);
  });

  window.addEventListener("beforeunload", (event) => {
    if (current) event.preventDefault();
  });

  window.dash_clientside.upload = {
    chooseFiles(clicks) {
      if (clicks) choose({ multiple: true });
      return window.dash_clientside.no_update;
    },

    chooseFolder(clicks) {
      if (clicks) choose({ webkitdirectory: true });
      return window.dash_clientside.no_update;
    },

    cancel(clicks) {
      if (clicks && current) {
        current.cancelled = true;
        current.request?.abort();
      }
      return window.dash_clientside.no_update;
    },
  };
})();
