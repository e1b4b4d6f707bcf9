// Before the page is drawn, so that it does not flash: what this browser was told about light and dark, and density.
(() => {
  const root = document.documentElement;
  root.dataset.js = "";
  try {
    const theme = localStorage.getItem("admin-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("admin-density") === "dense") root.dataset.density = "dense";
  } catch {
    // Storage may be forbidden: then the system's own choice stands.
  }
})();
