"use strict";

window.dash_clientside = window.dash_clientside || {};

window.dash_clientside.dataset = {
  // As the server divides: whole images, rounded down but not to nothing, and one at least stays for the training of
  // each class.
  count(valPercent, testPercent, { images, spare }) {
    const wished = (percent) => (percent > 0 ? Math.max(1, Math.floor((percent / 100) * images + 1e-6)) : 0);
    let [val, test] = [wished(valPercent), wished(testPercent)];
    val = Math.max(0, Math.min(val, spare - Math.min(test, 1)));
    test = Math.max(0, Math.min(test, spare - val));
    const told = (number) => number.toLocaleString(document.documentElement.lang);
    return [told(images - val - test), told(val), told(test), `${valPercent} %`, `${testPercent} %`];
  },
};
