// What axe finds on the page, said in lines. Reckoning contrast is most of its work, and it tells the same of each of a
// hundred rows that look alike: of all elements with the same look, down from the root, three are reckoned. Those that
// axe does not judge (disabled, hidden from who listens, of a single sign) stand for none that it does.
(() => {
  const MARK = "data-some-of-a-look";
  const LOOKS = [
    "color", "background-color", "background-image", "opacity", "font-size", "font-weight", "text-shadow", "position",
    "filter", "mix-blend-mode", "visibility", "display",
  ];
  const CONTROLS = "input, select, textarea, button";

  const says = (element) =>
    element.matches(CONTROLS) ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");

  const isJudgedAs = (element) =>
    `${element.disabled} ${element.getAttribute("aria-disabled")} ${element.getAttribute("aria-hidden")}`;

  // A label of what cannot be used is not judged either.
  const isOfDisabled = (element) => element.closest("label")?.control?.disabled ?? false;

  /** Every element in the order of the document, with its look: a number for what it and all around it wear. */
  function* walk(element, above, looks) {
    const style = getComputedStyle(element);
    const worn = LOOKS.map((name) => style.getPropertyValue(name)).join("|");
    const key = `${above} ${element.localName}.${element.getAttribute("class")} ${isJudgedAs(element)} ${worn}`;
    if (!looks.has(key)) looks.set(key, looks.size);
    const look = looks.get(key);
    yield [element, look];
    for (const child of [...(element.shadowRoot?.children ?? []), ...element.children]) yield* walk(child, look, looks);
  }

  function markSomeOfEachLook() {
    const alike = new Map();
    for (const [element, look] of walk(document.documentElement, "", new Map())) {
      if (!says(element) || !element.checkVisibility()) continue;
      const key = `${look} ${element.textContent.trim().length < 2} ${isOfDisabled(element)}`;
      if (!alike.has(key)) alike.set(key, []);
      alike.get(key).push(element);
    }
    const marked = [...alike.values()].flatMap((all) => [...new Set([all[0], all[all.length >> 1], all.at(-1)])]);
    for (const element of marked) element.setAttribute(MARK, "");
    return marked;
  }

  const said = ({ html }) => html.replace(` ${MARK}=""`, "").slice(0, 200);

  axe.configure({ rules: [{ id: "color-contrast", selector: `[${MARK}]` }] });

  window.look = async (rules) => {
    const marked = markSomeOfEachLook();
    try {
      // Style sheets are of use to none of these rules; reading them takes an inline style, which our policy refuses.
      const options = { runOnly: rules, resultTypes: ["violations"], preload: { assets: ["media"] } };
      const found = await axe.run(document, options);
      return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${said(node)}`));
    } finally {
      for (const element of marked) element.removeAttribute(MARK);
    }
  };
})();
