// The colours of code that are too close to their background: less than 4.5 to 1.
() => {
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (...colors) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const color of colors) {
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((each) => channel(each / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const page = getComputedStyle(document.body).backgroundColor; // behind what has no colour of its own
  const kinds = new Map(); // one span of each class is enough
  for (const span of document.querySelectorAll("pre > code, pre > code span")) {
    kinds.set(`${span.parentElement.className}|${span.className}`, span);
  }
  return [...kinds.values()].flatMap((span) => {
    const code = getComputedStyle(span.closest("code")).backgroundColor;
    const { backgroundColor: back, color: front } = getComputedStyle(span);
    const [low, high] = [light(page, code, back), light(page, code, back, front)].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    return contrast < 4.5 ? [[span.className, front, Math.round(contrast * 100) / 100]] : [];
  });
}
