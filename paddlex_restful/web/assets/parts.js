"use strict";

window.dash_clientside = window.dash_clientside || {};

window.dash_clientside.parts = {
  // A component that has just been drawn calls with no click.
  confirm(asked) {
    const [trigger] = window.dash_clientside.callback_context.triggered;
    return Boolean(trigger && trigger.value && trigger.prop_id.endsWith("-ask.n_clicks"));
  },
};
