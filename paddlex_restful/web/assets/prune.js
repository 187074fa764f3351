"use strict";

window.dash_clientside = window.dash_clientside || {};

window.dash_clientside.prune = {
  // The share of the computations, in percent, at the point of the curve that was clicked.
  pick(clicked) {
    return clicked ? Math.max(1, clicked.points[0].x) : window.dash_clientside.no_update;
  },
};
