// The viewer of the site: plays a recording that a script file has brought, without any server.
"use strict";
{
  const base = document.currentScript.src.replace(/[^/]*$/, "");
  const waiting = new Map(); // by preset

  Live.take = (recording) => {
    for (const box of waiting.get(recording.about.preset) ?? []) show(box, recording);
    waiting.delete(recording.about.preset);
  };

  function show(box, recording) {
    const view = new Live.View(box, { compact: true, link: (page) => `${base}../../${address(page)}` });
    const player = new Live.Player(view, recording);
    view.lanesBox.before(player.element);
    box.querySelector(".recorded-table").hidden = true; // the viewer has its own
    box.classList.add("live", "ready");
    player.advance(beforeTheFault(recording));
  }

  // The site has a folder for each page on a server, and a file for each when it is opened from a folder.
  function address(page) {
    const isFile = location.pathname.endsWith(".html") && !location.pathname.endsWith("index.html");
    return page.replace(/(README|index)?\.md/, (_, index) => (location.protocol === "file:" || isFile ? `${index ? "index" : ""}.html` : index ? "" : "/"));
  }

  // A lane with jobs in it says more than an empty one.
  function beforeTheFault(recording) {
    return recording.events.find((event) => event.type === "phase" && event.phase === "fault")?.t ?? 0;
  }

  for (const box of document.querySelectorAll(".recorded")) {
    const { preset } = box.dataset;
    if (!waiting.has(preset)) {
      waiting.set(preset, []);
      document.head.append(Live.h("script", { src: `${base}../recordings/${preset}.js` }));
    }
    waiting.get(preset).push(box);
  }
}
