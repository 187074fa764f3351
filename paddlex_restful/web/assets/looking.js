"use strict";

// Dash drops the answer of a callback that is called again meanwhile. Where answers take longer than the time between two
// looks, on a slow link or a busy server, no answer would ever be shown: so a look waits for the one before.
(() => {
  const fetched = window.fetch;
  // Looks that are under way. One that takes so many milliseconds has probably lost its connection.
  const underWay = new Set();
  const LOST = 60_000;

  function looks(resource, options) {
    if (!String(resource).includes("/_dash-update-component")) return [];
    return JSON.parse(options.body).changedPropIds.filter((id) => id.endsWith("-look.data"));
  }

  window.fetch = async (resource, options) => {
    const ids = looks(resource, options);
    if (!ids.length) return fetched(resource, options);
    const looked = { ids, since: performance.now() };
    underWay.add(looked);
    try {
      const answer = await fetched(resource, options);
      // Whole, and not only begun.
      const body = answer.status === 204 ? null : await answer.blob();
      return new Response(body, { status: answer.status, headers: answer.headers });
    } finally {
      underWay.delete(looked);
    }
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.looking = {
    look(ticks) {
      const [tick] = window.dash_clientside.callback_context.triggered;
      const look = tick.prop_id.replace("-tick.n_intervals", "-look.data");
      const waits = [...underWay].some(({ ids, since }) => ids.includes(look) && performance.now() - since < LOST);
      return waits ? window.dash_clientside.no_update : ticks;
    },
  };
})();
