// Says what is new to whoever listens instead of looking, and shakes a phone.

let waiting = [];

/** Says a sentence; what comes in the same moment is said after it, not instead of it. */
export function say(text) {
  if (waiting.length === 0) queueMicrotask(sayAll);
  waiting.push(text);
}

function sayAll() {
  document.getElementById("announce").textContent = waiting.join(" ");
  waiting = [];
}

/** A card that is new or says something else than `before`, the card it takes the place of. */
export function announce(node, before) {
  const text = node.dataset.announce;
  if (!text || text === before?.dataset.announce) return;
  say(text);
  const mayShake = navigator.userActivation?.hasBeenActive && matchMedia("(pointer: coarse)").matches;
  if (mayShake && node.classList.contains("stage-raised")) navigator.vibrate?.([300, 120, 300, 120, 300]);
}
