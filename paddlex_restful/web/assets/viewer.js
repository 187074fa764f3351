"use strict";

window.dash_clientside = window.dash_clientside || {};

window.dash_clientside.viewer = {
  // A list that has just been drawn calls with no click. Steps are told by the difference of all clicks, because
  // several that follow fast come as one call.
  show(_openers, previous, next, at, views) {
    const { no_update, callback_context } = window.dash_clientside;
    const [trigger] = callback_context.triggered;
    if (!trigger || !trigger.value) return Array(8).fill(no_update);
    const balance = (next || 0) - (previous || 0);
    const id = trigger.prop_id.slice(0, trigger.prop_id.lastIndexOf("."));
    const opened = id.startsWith("{") ? JSON.parse(id).number : at.number + balance - at.balance;
    const wanted = Math.max(0, Math.min(opened, views.length - 1));
    const view = views[wanted];
    if (!view) return Array(8).fill(no_update);
    if (views[wanted + 1]) new Image().src = views[wanted + 1].src;
    return [
      true,
      { number: wanted, balance },
      view.src,
      view.title,
      view.title,
      `${view.caption} · ${wanted + 1} / ${views.length}`,
      wanted === 0,
      wanted === views.length - 1,
    ];
  },
};

document.addEventListener("keydown", (event) => {
  const direction = { ArrowLeft: "previous", ArrowRight: "next" }[event.key];
  if (!direction || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, textarea, [role=slider]")) return;
  const button = document.querySelector(`.viewer-${direction}`);
  if (button && button.checkVisibility()) button.click();
});
