// Keep one text of each look that is not among the `known` ones, and return all looks. Colours are
// checked element by element, and most elements look like another one.
(known) => {
  const looks = new Map();
  const look = (each) => {
    if (!looks.has(each)) {
      const own = `${each.localName} ${each.getAttribute("class")} ${each.getAttribute("style")}`;
      looks.set(each, each === document.body ? own : `${look(each.parentElement)} > ${own}`);
    }
    return looks.get(each);
  };
  const hasText = (each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const shown = (each) => look(each) + (hasText(each) ? " with text" : "");

  const seen = new Set(known);
  for (const each of document.querySelectorAll(".md-nav__item, .md-content *")) {
    if (!each.isConnected) continue;
    const inside = [each, ...each.querySelectorAll("*")].map(shown);
    if (!each.checkVisibility() || inside.every((one) => seen.has(one))) each.remove();
    else seen.add(shown(each));
  }
  return [...seen];
}
