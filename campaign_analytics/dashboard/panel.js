// Rows of native controls at the left, pictures made by the kernel at the right. Every move is shown here at once and
// sent as one state, of which ipywidgets keeps one message in flight and only the newest waiting: no backlog.

const AS_BEFORE = -1; // the baseline's value, which is on no place
const same = (a, b) => String(a) === String(b);

function element(tag, kind, text) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function rowOf(spec, words, moved) {
  const row = element("div", `row ${spec.kind}`);
  const label = element("span", "label", spec.label);
  label.title = `${spec.clause} ${spec.label}`.trim();
  const reset = element("button", "reset", "↺");
  reset.type = "button";
  const draw = drawers[spec.kind](spec, words, (at) => moved(spec.name, at));
  reset.addEventListener("click", () => {
    moved(spec.name, spec.base);
    draw.focus();
  });
  const home = fill(words.reset, { what: spec.label, value: draw.told(spec.base) });
  reset.title = home;
  reset.setAttribute("aria-label", home);
  row.append(label, element("span", "sign", spec.sign), ...draw.parts, reset);
  const show = (at, own) => {
    const changed = !same(at, spec.base);
    row.classList.toggle("changed", changed);
    reset.disabled = !changed;
    draw.show(at, own, changed);
  };
  return { row, show, focus: draw.focus };
}

const drawers = {
  slider(spec, words, moved) {
    const last = spec.texts.length - 1;
    const input = element("input");
    Object.assign(input, { type: "range", min: 0, max: last, step: 1 });
    input.setAttribute("aria-label", `${spec.label} ${spec.sign}`.trim());
    const track = element("span", "track");
    if (spec.base >= 0) {
      const tick = element("i", "tick");
      tick.title = spec.baseText;
      tick.style.left = `calc(7px + (100% - 14px) * ${spec.base / last})`; // a thumb's middle runs from 7 to 100% - 7
      track.append(tick);
    }
    track.append(input);
    const value = element("output", "value");
    const now = element("b");
    const was = element("small");
    value.append(now, was);
    const told = (at, own) => (at >= 0 ? spec.texts[at] : at === AS_BEFORE ? spec.baseText : own);
    input.addEventListener("input", () => moved(+input.value));
    input.addEventListener("keydown", (event) => {
      const five = { PageUp: 5, PageDown: -5 }[event.key];
      if (!five) return;
      event.preventDefault();
      const next = Math.min(last, Math.max(0, +input.value + five));
      if (next !== +input.value) moved(next);
    });
    const show = (at, own, changed) => {
      // on no place: the thumb waits at the end where the rule asks least
      input.value = at >= 0 ? at : ["≤", "<"].includes(spec.sign) ? last : 0;
      input.classList.toggle("nowhere", at < 0);
      now.textContent = told(at, own);
      now.className = told(at, own).length > 13 ? "long" : "";
      was.textContent = changed ? fill(words.was, { value: spec.baseText }) : spec.note;
      input.setAttribute("aria-valuetext", told(at, own));
    };
    return { parts: [track, value], show, told, focus: () => input.focus() };
  },

  flag(spec, words, moved) {
    const input = element("input");
    input.type = "checkbox";
    input.setAttribute("aria-label", spec.label);
    const value = element("span", "value");
    input.addEventListener("change", () => moved(+input.checked));
    const show = (at) => {
      input.checked = at === 1;
      value.textContent = spec.texts[at];
    };
    return { parts: [input, value], show, told: (at) => spec.texts[at], focus: () => input.focus() };
  },

  choice(spec, words, moved) {
    const input = element("select");
    input.setAttribute("aria-label", spec.label);
    spec.texts.forEach((text, at) => input.append(new Option(text, at)));
    input.addEventListener("change", () => moved(+input.value));
    const show = (at) => {
      input.value = at;
    };
    return { parts: [input], show, told: (at) => spec.texts[at] ?? spec.baseText, focus: () => input.focus() };
  },

  set(spec, words, moved) {
    const box = element("details", "members");
    const head = element("summary");
    const inside = element("div");
    const inputs = spec.texts.map((text) => {
      const label = element("label");
      const input = element("input");
      input.type = "checkbox";
      label.append(input, text);
      inside.append(label);
      return input;
    });
    box.append(head, inside);
    const chosen = () => inputs.flatMap((input, at) => (input.checked ? [at] : []));
    inside.addEventListener("change", () => moved(chosen()));
    const told = (at) => fill(words.chosen, { count: at.length, all: inputs.length });
    const show = (at) => {
      inputs.forEach((input, each) => {
        input.checked = at.includes(each);
      });
      head.textContent = [told(at), spec.note].filter(Boolean).join(" · ");
      head.setAttribute("aria-label", `${spec.label}: ${told(at)}`);
    };
    return { parts: [box], show, told, focus: () => head.focus() };
  },
};

function render({ model, el }) {
  const words = model.get("words");
  const style = element("style", "", model.get("fonts"));
  const board = element("div", "board");
  board.lang = model.get("language");
  const picture = {};
  for (const part of ["head", "said", "heat", "flips", "curve"]) picture[part] = element("div", `part ${part}-part`);
  picture.said.setAttribute("role", "status");
  const desk = element("div", "desk");
  const rows = {};

  const send = (at, hand, more) => {
    model.set("moved", { at: { ...model.get("moved").at, ...at }, hand, ...more });
    model.save_changes();
  };
  const moved = (name, at) => send({ [name]: at }, name);
  for (const section of model.get("sections")) {
    const box = element("div", "section");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", section.heading);
    if (section.heading) box.append(element("div", "heading", section.heading));
    for (const spec of section.rows) {
      rows[spec.name] = { ...rowOf(spec, words, moved), base: spec.base };
      // taken in hand before it moves, so that its curve is there and its first step is as quick as the others
      if (spec.kind === "slider") {
        rows[spec.name].row.addEventListener("focusin", () => model.get("moved").hand === spec.name || send({}, spec.name));
      }
      box.append(rows[spec.name].row);
    }
    desk.append(box);
  }
  const bar = element("div", "bar");
  const count = element("span", "count");
  const all = element("button", "all", words.resetAll);
  all.type = "button";
  all.addEventListener("click", () => {
    const at = Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row.base]));
    send(at, model.get("moved").hand, { reset: true });
  });
  bar.append(count, all);

  const show = () => {
    const { at, hand } = model.get("moved");
    const own = model.get("own");
    let changed = 0;
    for (const [name, row] of Object.entries(rows)) {
      row.show(at[name], own[name] ?? "");
      row.row.classList.toggle("hand", name === hand);
      changed += !same(at[name], row.base);
    }
    all.disabled = !changed;
    count.textContent = changed ? fill(words.changed, { count: changed }) : words.unchanged;
  };
  const paint = () => {
    const parts = model.get("picture");
    for (const [name, box] of Object.entries(picture)) {
      const markup = parts[name] ?? "";
      if (box.painted !== markup) {
        box.innerHTML = markup;
        box.painted = markup;
      }
    }
  };
  show();
  paint();
  model.on("change:moved change:own", show);
  model.on("change:picture", paint);

  if (model.get("pictured")) {
    const right = element("div", "right");
    const below = element("div", "below");
    below.append(picture.flips, picture.curve);
    right.append(picture.heat, below);
    const body = element("div", "body");
    const left = element("div", "left-side");
    left.append(bar, desk);
    body.append(left, right);
    board.append(picture.head, picture.said, body);
  } else {
    board.classList.add("wide");
    board.append(picture.said, bar, desk);
  }
  // JupyterLab would take the arrow keys for its cells; it looks at the element in focus, and then at those around it
  for (const each of board.querySelectorAll("input, select, button, summary")) each.dataset.lmSuppressShortcuts = "true";
  el.replaceChildren(style, board);
  return () => {
    model.off("change:moved change:own", show);
    model.off("change:picture", paint);
  };
}

export default { render };
