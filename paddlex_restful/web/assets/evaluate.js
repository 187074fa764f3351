"use strict";

window.dash_clientside = window.dash_clientside || {};

{
  const percent = (share) =>
    share === null
      ? "–"
      : share.toLocaleString(document.documentElement.lang, { style: "percent", maximumFractionDigits: 1 });
  const number = (count) => count.toLocaleString(document.documentElement.lang);

  // What the counts say at the threshold of a place; null where nothing is found, or nothing is there.
  const at = (counts, place) => {
    const right = counts.true_positives[place];
    const wrong = counts.false_positives[place];
    const precision = right + wrong ? right / (right + wrong) : null;
    const recall = counts.positives ? right / counts.positives : null;
    const f1 = counts.positives ? (2 * right) / (right + wrong + counts.positives) : null;
    return { right, wrong, missed: counts.positives - right, precision, recall, f1 };
  };

  const steps = (counts) => counts.true_positives.length - 1;

  window.dash_clientside.evaluate = {
    atThreshold(threshold, counts, figure) {
      const places = counts.true_positives.map((_, place) => at(counts, place));
      const here = places[Math.round(threshold * steps(counts))];
      const drawn = places
        .map((found, place) => ({ ...found, score: place / steps(counts) }))
        .filter((found) => found.precision !== null && found.recall !== null);
      const [curve, marker] = figure.data;
      const known = here.precision !== null && here.recall !== null;
      const data = [
        {
          ...curve,
          x: drawn.map((found) => found.recall),
          y: drawn.map((found) => found.precision),
          customdata: drawn.map((found) => found.score),
        },
        { ...marker, x: known ? [here.recall] : [], y: known ? [here.precision] : [] },
      ];
      return [
        percent(threshold),
        percent(here.precision),
        percent(here.recall),
        percent(here.f1),
        number(here.right),
        number(here.wrong),
        number(here.missed),
        { ...figure, data },
      ];
    },

    bestThreshold(clicks, counts) {
      if (!clicks) {
        return window.dash_clientside.no_update;
      }
      const f1 = counts.true_positives.map((_, place) => at(counts, place).f1 ?? 0);
      return f1.indexOf(Math.max(...f1)) / steps(counts);
    },

    // The images behind a cell stand below the matrix.
    showPicked(picked) {
      if (picked) {
        const gallery = document.getElementById("evaluate-gallery");
        gallery.scrollIntoView({ block: "start" });
        gallery.focus({ preventScroll: true });
      }
    },

    enlarge(clicks, pictures) {
      const [trigger] = window.dash_clientside.callback_context.triggered;
      if (!trigger || !trigger.value) {
        const same = window.dash_clientside.no_update;
        return [same, same, same, same];
      }
      const { index } = JSON.parse(trigger.prop_id.slice(0, trigger.prop_id.lastIndexOf(".")));
      const { address, name, alt } = pictures[index];
      return [true, name, address, alt];
    },
  };
}
