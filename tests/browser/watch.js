// What becomes of an area, frame by frame: its height, and when the pictures in it were drawn anew.
(area) => {
  const pictures = '.part, [data-number]';
  const drawn = (node) => {
    const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
    return element?.closest(pictures) ?? element?.querySelector(pictures);
  };
  const seen = { frames: 0, repaints: [], first: null, down: null, last: null };
  seen.height = seen.lowest = area.getBoundingClientRect().height;
  let changed = false;
  let watching = true;
  const mutations = new MutationObserver((all) => {
    changed ||= all.some((each) => drawn(each.target));
  });
  mutations.observe(area, { subtree: true, childList: true, characterData: true, attributes: true });
  const sizes = new ResizeObserver(() => {
    seen.lowest = Math.min(seen.lowest, area.getBoundingClientRect().height);
  });
  sizes.observe(area);
  const noticed = (event) => {
    seen.first ??= event.timeStamp;
    if (event.type === "pointerdown") seen.down = event.timeStamp;
    seen.last = event.timeStamp;
  };
  const inputs = ["keydown", "pointerdown", "pointermove", "pointerup"];
  inputs.forEach((kind) => document.addEventListener(kind, noticed, true));
  const frame = () => {
    if (!watching) return;
    seen.frames += 1;
    if (changed) seen.repaints.push(performance.now());
    changed = false;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return () => {
    watching = false;
    mutations.disconnect();
    sizes.disconnect();
    inputs.forEach((kind) => document.removeEventListener(kind, noticed, true));
    return seen;
  };
}
