// The decision guide shows one step at a time; without this script all steps are on the page.
const guide = document.querySelector(".guide");
if (guide) {
  const steps = [...guide.querySelectorAll(".step")];
  const find = (id) => steps.find((step) => step.querySelector("h3").id === id);

  const show = (wanted, byReader) => {
    for (const step of steps) step.hidden = step !== wanted;
    const heading = wanted.querySelector("h3");
    heading.tabIndex = -1;
    if (byReader) heading.focus();
  };

  const follow = () => {
    const step = find(location.hash.slice(1));
    if (step) show(step, true);
  };

  guide.classList.add("live");
  for (const link of document.querySelectorAll(".md-sidebar .md-nav__link[href*='#']")) {
    if (find(link.hash.slice(1))) link.parentElement.hidden = true; // those that are not shown now
  }
  show(find(location.hash.slice(1)) ?? steps[0], false);
  window.addEventListener("hashchange", follow);
}

// Names and keyboard access that the theme leaves out.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
window.addEventListener("load", () => {
  for (const wide of document.querySelectorAll(".md-typeset__scrollwrap, .tabbed-labels")) {
    wide.tabIndex = 0;
    wide.setAttribute("role", "group");
    wide.setAttribute("aria-label", wide.matches(".tabbed-labels") ? "Approach" : "Table");
  }
});

// Recorded runs of the live page: the table on the page gives way to a viewer.
if (document.querySelector(".recorded")) {
  const folder = new URL("live/", document.currentScript.src);
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("live.css", folder) });
  document.head.append(style);
  for (const name of ["state", "lanes", "view", "player", "viewer"]) {
    const script = Object.assign(document.createElement("script"), { src: new URL(`${name}.js`, folder), async: false });
    document.head.append(script); // one after another: each needs those before it
  }
}
