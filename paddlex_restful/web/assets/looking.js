"use strict";

// Dash drops the answer of a callback that is called again meanwhile. Where answers take longer than the time between two
// looks, on a slow link or a busy server, no answer would ever be shown: so a look waits for the one before.
(() => {
  const fetched = window.fetch;
  const underWay = new Map();

  function looks(resource, options) {
    if (!String(resource).includes("/_dash-update-component")) return [];
    return JSON.parse(options.body).changedPropIds.filter((id) => id.endsWith("-look.data"));
  }

  function count(ids, by) {
    for (const id of ids) underWay.set(id, (underWay.get(id) || 0) + by);
  }

  window.fetch = async (resource, options) => {
    const ids = looks(resource, options);
    if (!ids.length) return fetched(resource, options);
    count(ids, 1);
    try {
      const answer = await fetched(resource, options);
      // Whole, and not only begun.
      const body = answer.status === 204 ? null : await answer.blob();
      return new Response(body, { status: answer.status, headers: answer.headers });
    } finally {
      count(ids, -1);
    }
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.looking = {
    look(ticks) {
      const [tick] = window.dash_clientside.callback_context.triggered;
      const look = tick.prop_id.replace("-tick.n_intervals", "-look.data");
      return underWay.get(look) ? window.dash_clientside.no_update : ticks;
    },
  };
})();
