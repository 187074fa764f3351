"use strict";

window.dash_clientside = window.dash_clientside || {};

window.dash_clientside.shell = {
  setTitle(title) {
    document.title = title;
  },

  // The language is the server's: it reads the cookie, and the page is made anew.
  setLanguage(language) {
    document.cookie = `language=${language}; path=/; max-age=31536000; SameSite=Strict`;
    window.location.reload();
  },

  toggleMenu(opened, navbar) {
    return [{ ...navbar, collapsed: { mobile: !opened } }, opened ? "menu-opened" : ""];
  },

  closeMenu() {
    return false;
  },
};
