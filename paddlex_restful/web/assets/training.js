"use strict";

window.dash_clientside = window.dash_clientside || {};

{
  const PAUSE = 400;
  let turn = 0;

  window.dash_clientside.training = {
    // Answers when nothing has been changed for a while.
    settle() {
      const mine = ++turn;
      return new Promise((resolve) => {
        setTimeout(() => resolve(mine === turn ? mine : window.dash_clientside.no_update), PAUSE);
      });
    },

    // A link stays beside, for browsers that open no windows by themselves.
    openPage(opened) {
      if (opened) {
        window.open(opened[0], "_blank", "noopener");
      }
    },
  };
}
