// For a group: the question so large that the last row reads it, and fields for raised hands.
"use strict";
{
  const h = Live.h;
  const dialog = h("dialog", { class: "group", "aria-label": "For a group" });
  document.body.append(dialog);

  const choices = (jobs) => [...new Set([0, Math.floor(jobs / 2), jobs])];
  const word = (n, jobs) => (n === 0 ? "none" : n === jobs ? `all ${jobs}` : `some (${n})`);

  Live.group = {
    open(state) {
      if (!dialog.open) dialog.showModal();
      this.show(state);
    },
    show(state) {
      if (!dialog.open) return;
      const { about, phase } = state;
      const close = h("button", { type: "button", class: "close", onclick: () => dialog.close() }, "Back to the page");
      if (phase === "predict") dialog.replaceChildren(...this.question(state), close);
      else if (phase === "done") dialog.replaceChildren(...this.answer(state), close);
      else dialog.replaceChildren(h("h2", {}, about.title), h("p", { class: "large" }, about.text), h("p", { class: "large" }, { fault: "It is broken now. Watch.", posting: "The jobs are being posted." }[phase] ?? "Press Start on the page, then come back."), close);
    },
    question(state) {
      const { about } = state;
      const fields = about.lanes.map((lane) => h("fieldset", {}, h("legend", {}, lane.title),
        ...choices(about.jobs).map((n) => h("label", {}, word(n, about.jobs), h("input", { type: "number", min: "0", max: "10000", inputmode: "numeric", "data-lane": lane.name, "data-n": n, "aria-label": `Hands for ${word(n, about.jobs)}, ${lane.title}` })))));
      return [h("h2", {}, about.ask), h("p", { class: "large" }, "How many hands?"), h("form", { class: "hands", onsubmit: (event) => {
        event.preventDefault();
        const hands = {}, guesses = {};
        for (const input of dialog.querySelectorAll("input")) {
          if (input.value === "") continue;
          (hands[input.dataset.lane] ??= {})[input.dataset.n] = Number(input.value);
        }
        for (const [lane, counted] of Object.entries(hands)) guesses[lane] = Number(Object.entries(counted).sort((a, b) => b[1] - a[1])[0][0]);
        Live.go(guesses, hands);
      } }, h("div", { class: "hands-lanes" }, ...fields), h("button", { type: "submit", class: "main" }, Live.nameButton(state)))];
    },
    answer(state) {
      const { about, lanes, hands } = state;
      return [h("h2", {}, about.title), h("ul", { class: "answers" }, ...lanes.map((lane) => {
        const right = lane.result ? Live.hits(state, lane.result) : null;
        const counted = hands[lane.name] ?? {};
        const all = Object.values(counted).reduce((sum, n) => sum + n, 0);
        const sure = counted[right] ?? 0;
        return h("li", {}, h("span", { class: "answer-lane" }, lane.title), h("b", { class: right === about.jobs ? "tick" : "cross" }, right === null ? "–" : `${right} of ${about.jobs}`),
          h("span", {}, all ? `${sure} of ${all} hands were right` : ""), h("span", { class: "answer-why" }, lane.reason.replaceAll("`", "")));
      }))];
    },
  };
}
