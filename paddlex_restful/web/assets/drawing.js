"use strict";

// Answers drawn onto a canvas: boxes, masks, names and scores.
window.drawing = (() => {
  // Pixels of the longer side up to which a small image is enlarged, so that names fit onto it.
  const READABLE = 640;

  // Pixels of the screen.
  const TEXT = 13;

  // The run lengths of a compressed mask as COCO writes it: in turns outside and inside, down the columns.
  const runsOf = (text) => {
    const runs = [];
    let place = 0;
    while (place < text.length) {
      let run = 0;
      let shift = 0;
      let more = true;
      while (more) {
        const code = text.charCodeAt(place) - 48;
        run |= (code & 0x1f) << shift;
        shift += 5;
        place += 1;
        more = Boolean(code & 0x20);
        if (!more && code & 0x10) {
          run |= -1 << shift;
        }
      }
      runs.push(runs.length > 2 ? run + runs[runs.length - 2] : run);
    }
    return runs;
  };

  // A mask in one colour, in the size of the canvas; of an object only the part within its box.
  const maskOf = (entry, width, height) => {
    const [rows, columns] = entry.segmentation.size;
    const scale = width / columns;
    const [x, y, w, h] = (entry.bbox || [0, 0, columns, rows]).map((side) => side * scale);
    const left = Math.max(0, Math.floor(x));
    const top = Math.max(0, Math.floor(y));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.min(width, Math.ceil(x + w)) - left);
    canvas.height = Math.max(1, Math.min(height, Math.ceil(y + h)) - top);
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(canvas.width, canvas.height);
    const colour = Number.parseInt(entry.colour.slice(1), 16);
    const runs = runsOf(entry.segmentation.counts);
    // The run that holds a place, and where it ends; and the same of the first place of the column.
    let here = { run: 0, end: runs[0] };
    let first = here;
    const follow = (place) => {
      while (place >= here.end && here.run < runs.length - 1) {
        here = { run: here.run + 1, end: here.end + runs[here.run + 1] };
      }
    };
    let known = -1;
    for (let i = 0; i < canvas.width; i += 1) {
      const column = Math.min(columns - 1, Math.floor((left + i + 0.5) / scale));
      here = first;
      if (column !== known) {
        follow(column * rows);
        first = here;
        known = column;
      }
      for (let j = 0; j < canvas.height; j += 1) {
        const row = Math.min(rows - 1, Math.floor(((top + j + 0.5) * rows) / height));
        follow(column * rows + row);
        if (here.run % 2) {
          const at = 4 * (j * canvas.width + i);
          pixels.data[at] = colour >> 16;
          pixels.data[at + 1] = (colour >> 8) & 255;
          pixels.data[at + 2] = colour & 255;
          pixels.data[at + 3] = 255;
        }
      }
    }
    context.putImageData(pixels, 0, 0);
    return { canvas, left, top };
  };

  const masks = new WeakMap();
  const mask = (entry, width, height) => {
    if (!masks.has(entry)) {
      masks.set(entry, maskOf(entry, width, height));
    }
    return masks.get(entry);
  };

  const isLight = (colour) => {
    const value = Number.parseInt(colour.slice(1), 16);
    return 0.3 * (value >> 16) + 0.59 * ((value >> 8) & 255) + 0.11 * (value & 255) > 150;
  };

  const nameTag = (context, text, x, y, colour, size) => {
    context.font = `600 ${size}px system-ui, sans-serif`;
    context.textBaseline = "top";
    const width = context.measureText(text).width + size * 0.6;
    const height = size * 1.4;
    const left = Math.max(0, Math.min(x, context.canvas.width - width));
    const top = y >= height ? y - height : y;
    context.fillStyle = colour;
    context.fillRect(left, top, width, height);
    context.fillStyle = isLight(colour) ? "#000" : "#fff";
    context.fillText(text, left + size * 0.3, top + size * 0.2);
  };

  const percent = (share) =>
    share.toLocaleString(document.documentElement.lang, { style: "percent", maximumFractionDigits: 1 });

  return {
    percent,

    /*
      Draws an image and an answer.
      entries: those that are shown, the surest first: bbox in pixels of the image, segmentation, category, score, colour
      look: size (of the image; null where nothing has a place), opacity (of masks), truth (entries), caption
    */
    draw(canvas, image, entries, look) {
      const longest = Math.max(image.naturalWidth, image.naturalHeight);
      const enlarged = Math.max(1, READABLE / longest);
      canvas.width = Math.round(image.naturalWidth * enlarged);
      canvas.height = Math.round(image.naturalHeight * enlarged);
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      // Names are as large as other text, however large the image is shown.
      const text = TEXT * (canvas.clientWidth ? canvas.width / canvas.clientWidth : 1);
      const line = text / 7;
      const scale = look.size ? canvas.width / look.size[0] : 1;
      // The surest is drawn last, above the others.
      const below = [...entries].reverse();
      context.globalAlpha = look.opacity;
      for (const entry of below.filter((one) => one.segmentation)) {
        const { canvas: region, left, top } = mask(entry, canvas.width, canvas.height);
        context.drawImage(region, left, top);
      }
      context.globalAlpha = 1;
      context.lineWidth = line;
      for (const entry of below.filter((one) => one.bbox)) {
        const [x, y, w, h] = entry.bbox.map((side) => side * scale);
        context.strokeStyle = entry.colour;
        context.strokeRect(x, y, w, h);
        nameTag(context, `${entry.category} ${percent(entry.score)}`, x - line / 2, y, entry.colour, text);
      }
      context.setLineDash([3 * line, 2 * line]);
      for (const entry of look.truth.filter((one) => one.bbox)) {
        context.strokeStyle = "#fff";
        context.strokeRect(...entry.bbox.map((side) => side * scale));
      }
      context.setLineDash([]);
      if (look.caption) {
        nameTag(context, look.caption.text, 0, 0, look.caption.colour, 1.3 * text);
      }
    },
  };
})();
