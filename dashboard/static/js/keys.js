// One key for each thing that must go fast. They can be switched off, since a reader's speech
// program may need the letters for itself.
import { soundOn, toggleMute } from "./sound.js";

const STORED = "anling-keys";
const byId = (id) => document.getElementById(id);

function isTyping(element) {
  return element.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

function press(button) {
  button?.focus();
  button?.click();
}

function acceptFirst() {
  press(document.querySelector('button[data-do="accept"]:not([aria-busy])'));
}

// One arrives where one has said to come; somewhere else only when there is but one place.
function arrive() {
  const buttons = [...document.querySelectorAll('button[data-do="arrive"]:not([aria-busy])')];
  const mine = buttons.filter((one) => one.classList.contains("primary"));
  press(mine[0] ?? (buttons.length === 1 ? buttons[0] : null));
}

function openClose() {
  const details = document.querySelector('details[data-do="close"]');
  if (!details) return;
  details.open = true;
  details.querySelector(".outcome").focus();
}

function chooseOutcome(number) {
  const closer = document.querySelector("details.closer[open]");
  if (number === 0) closer?.querySelector("[data-key-0]")?.click();
  else closer?.querySelectorAll(".outcome[value]:not([data-key-0])")[number - 1]?.click();
}

function goBack() {
  for (const details of document.querySelectorAll("details.closer[open]")) {
    details.open = false;
    details.querySelector("summary").focus();
  }
}

function toggleHelp() {
  const help = byId("keys");
  if (help.open) help.close();
  else help.showModal();
}

const KEYS = {
  a: acceptFirst,
  r: arrive,
  c: openClose,
  m: toggleMute,
  s: soundOn,
  "?": toggleHelp,
};

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyping(event.target)) return;
  if (event.key === "Escape") return goBack();
  if (localStorage.getItem(STORED) === "off" && event.key !== "?") return;
  const key = event.key.toLowerCase();
  if (/^[0-8]$/.test(key)) return chooseOutcome(Number(key));
  if (byId("keys").open && key !== "?") return;
  if (!KEYS[key]) return;
  event.preventDefault();
  KEYS[key]();
}

export function startKeys() {
  addEventListener("keydown", onKey);
  byId("show-keys")?.addEventListener("click", toggleHelp);
  const choice = byId("keys-on");
  choice.checked = localStorage.getItem(STORED) !== "off";
  choice.addEventListener("change", () => localStorage.setItem(STORED, choice.checked ? "on" : "off"));
}
