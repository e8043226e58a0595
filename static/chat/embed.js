// Where it begins: what the page and its script tag say, and `window.ccxChat` for the page to call.
import { start } from "./app.js";

function embed() {
  const script = document.currentScript || document.querySelector("script[data-inbox][src*='/chat/widget.js']");
  const given = window.ccxChat ?? {};
  const { inbox = given.inbox, ...set } = script?.dataset ?? {};
  // Embedded twice, it is there once.
  if (!script || !inbox || given.isHere) return;
  const base = new URL("./", script.src).href;
  const link = takeLink();
  let app = null;
  let waiting = [];
  const call =
    (name) =>
    (...sent) =>
      app ? app[name](...sent) : void waiting.push([name, sent]);
  window.ccxChat = { isHere: true };
  for (const name of ["open", "close", "identify", "on", "off", "shutdown"]) window.ccxChat[name] = call(name);
  const begin = async () => {
    try {
      app = await start({ base, inbox, link, options: { ...given, ...set }, style: STYLE });
      for (const [name, sent] of waiting) app[name](...sent);
    } catch (error) {
      console.warn("The chat did not start:", error.message);
    }
    waiting = [];
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}

/** The link of a mail: used once, and never left in the address for a bookmark or for whoever looks on. */
function takeLink() {
  const found = /(?:^#|&)ccx-chat=([\w.~-]+)/.exec(location.hash);
  if (!found) return "";
  const rest = location.hash.replace(found[0], "").replace(/^#?&?/, "");
  history.replaceState(history.state, "", location.pathname + location.search + (rest && `#${rest}`));
  return found[1];
}

embed();
