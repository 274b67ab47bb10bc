// Small tools for building and updating the page. Text only ever goes in as text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with a class and children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/**
 * An SVG element.
 * @param {string} tag
 * @param {Object.<string, string|number>} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function makeSvg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Change a text only if it is another one: the page then has nothing to do. */
export function setText(/** @type {Node} */ node, /** @type {string} */ text) {
  const first = node.firstChild;
  if (first instanceof Text && first === node.lastChild) {
    if (first.data !== text) first.data = text;
  } else {
    node.textContent = text;
  }
}

/** Change an attribute only if it is another one; null takes it away. */
export function setAttribute(
  /** @type {Element} */ node,
  /** @type {string} */ name,
  /** @type {string|null} */ value,
) {
  if (node.getAttribute(name) === value) return;
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

export function setClass(
  /** @type {Element} */ node,
  /** @type {string} */ name,
  /** @type {boolean} */ on,
) {
  if (node.classList.contains(name) !== on) node.classList.toggle(name, on);
}

export function setShown(/** @type {HTMLElement} */ node, /** @type {boolean} */ on) {
  if (node.hidden === on) node.hidden = !on;
}

/** Change a custom property only if it is another one. */
export function setVariable(
  /** @type {HTMLElement} */ node,
  /** @type {string} */ name,
  /** @type {string} */ value,
) {
  if (node.style.getPropertyValue(name) !== value) node.style.setProperty(name, value);
}

/**
 * The size of an element, measured once: asking makes the page lay itself out.
 * @param {HTMLElement} node
 */
export function makeSize(node) {
  let width = 0;
  let height = 0;
  return {
    /** Its size; nothing of it is 0 if it is shown. */
    now() {
      if (width === 0 || height === 0) {
        width = node.clientWidth;
        height = node.clientHeight;
      }
      return { width, height };
    },
    forget() {
      width = 0;
    },
  };
}

/** Have exactly these children in this order, moving as few as possible. */
export function setChildren(/** @type {Node} */ parent, /** @type {Node[]} */ children) {
  let place = parent.firstChild;
  for (const child of children) {
    if (child === place) place = place.nextSibling;
    else parent.insertBefore(child, place);
  }
  while (place) {
    const next = place.nextSibling;
    place.parentNode?.removeChild(place);
    place = next;
  }
}

// Drawn on 16 x 16; `fill` unless it begins with a tilde, which means a line.
/** @type {Object.<string, string>} */
const ICONS = {
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  run: "M4 2.5v11l9-5.5z",
  step: "M2.5 3v10l7-5zM11 3h2.5v10H11z",
  handler: "~M3 13V8a5 5 0 0 1 10 0v4M10 10l3 3 3-3",
  back: "M13.5 3v10l-7-5zM2.5 3H5v10H2.5z",
  now: "M1.5 3v10l5.5-5zM7 3v10l5.5-5zM12.5 3h2v10h-2z",
  close: "~M4 4l8 8M12 4l-8 8",
  help: "~M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.700 8 9.200 8 10M8 12.500v.6",
};

/** One of the icons, in the colour of the text beside it. */
export function icon(/** @type {string} */ name) {
  const shape = ICONS[name] ?? "";
  const line = shape.startsWith("~");
  const path = makeSvg("path", {
    d: line ? shape.slice(1) : shape,
    fill: line ? "none" : "currentColor",
    ...(line ? { stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round" } : {}),
  });
  return makeSvg("svg", { viewBox: "0 0 16 16", class: "rk-icon", "aria-hidden": "true" }, path);
}

// The markers of the servers, as the still pictures have them; drawn on 16 x 16.
/** @type {Object.<string, string>} */
const MARKERS = {
  o: "M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2z",
  s: "M2.500 2.500h11v11h-11z",
  D: "M8 1l7 7-7 7-7-7z",
  "^": "M8 2l6.500 12h-13z",
  v: "M8 14L1.500 2h13z",
  P: "M5.500 1.500h5v4h4v5h-4v4h-5v-4h-4v-5h4z",
  X: "M4.500 1.500L8 5l3.500-3.500 3 3L11 8l3.500 3.500-3 3L8 11l-3.500 3.500-3-3L5 8 1.500 4.500z",
  "*": "M8 1l1.900 4.800 5.100.3-3.900 3.300 1.300 5L8 11.600l-4.400 2.800 1.300-5L1 6.100l5.100-.3z",
};

/** The marker of a server: its shape in its colour, with an edge that shows on any ground. */
export function markerOf(/** @type {string} */ marker, /** @type {string} */ colour) {
  const path = makeSvg("path", { d: MARKERS[marker] ?? MARKERS.o, fill: colour });
  return makeSvg("svg", { viewBox: "0 0 16 16", class: "rk-marker", "aria-hidden": "true" }, path);
}
