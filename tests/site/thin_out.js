// Keep one text of each look: colours are checked element by element, and most look alike.
() => {
  const looks = new Map();
  const look = (each) => {
    if (!looks.has(each)) {
      const own = `${each.localName} ${each.getAttribute("class")} ${each.getAttribute("style")}`;
      looks.set(each, each === document.body ? own : `${look(each.parentElement)} > ${own}`);
    }
    return looks.get(each);
  };

  const seen = new Set();
  for (const each of document.querySelectorAll(".md-nav__item, .md-content *")) {
    if (!each.isConnected) continue;
    const inside = [each, ...each.querySelectorAll("*")].map(look);
    if (!each.checkVisibility() || inside.every((one) => seen.has(one))) each.remove();
    else seen.add(look(each));
  }
}
