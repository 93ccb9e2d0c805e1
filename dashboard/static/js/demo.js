// The demo's buttons: a line closes when the finger comes down and opens when it leaves, so that
// holding is holding. Lamps show what the simulated unit says.
import { live, state } from "./live.js";

const token = document.querySelector('meta[name="csrf-token"]').content;
const error = document.getElementById("demo-error");
// One request after the other for each line, so that a release never overtakes its press.
const lines = new Map();

async function send(unit, bcm, closed) {
  try {
    const answer = await fetch("/demo/line", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ unit, bcm, closed }),
    });
    error.hidden = answer.ok;
  } catch {
    error.hidden = false;
  }
  if (!error.hidden) error.textContent = document.getElementById("demo-failed").content.textContent;
}

function move(button, closed) {
  const unit = button.closest("[data-unit]").dataset.unit;
  const bcm = Number(button.dataset.bcm);
  const key = `${unit}/${bcm}`;
  lines.set(key, (lines.get(key) ?? Promise.resolve()).then(() => send(unit, bcm, closed)));
}

function press(button) {
  if (button.classList.contains("down")) return;
  button.classList.add("down");
  move(button, true);
}

function release(button) {
  if (!button.classList.contains("down")) return;
  button.classList.remove("down");
  move(button, false);
}

function makeMomentary(button) {
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    press(button);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    button.addEventListener(name, () => release(button));
  }
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    press(button);
  });
  button.addEventListener("keyup", () => release(button));
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

function makeToggle(button) {
  button.addEventListener("click", () => {
    const closed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(closed));
    move(button, closed);
  });
}

function showLamp({ point, lamp, sounder, drill }) {
  const plate = document.querySelector(`[data-point="${CSS.escape(point)}"]`);
  if (!plate) return;
  const light = plate.querySelector("[data-lamp]");
  light.dataset.lamp = lamp;
  light.classList.toggle("is-drill", drill);
  plate.querySelector("[data-lamp-drill]").hidden = !drill;
  plate.querySelector("[data-sounder]").dataset.sounder = sounder;
  for (const one of plate.querySelectorAll("[data-lamp-word]")) one.hidden = one.dataset.lampWord !== lamp;
  for (const one of plate.querySelectorAll("[data-sounder-word]")) one.hidden = one.dataset.sounderWord !== sounder;
}

function showStages() {
  // A silent call shows nothing at its point; so neither here.
  const heard = [...state.incidents.values()].filter((one) => one.kind !== "silent");
  const calls = new Map(heard.map((one) => [one.point, one]));
  for (const place of document.querySelectorAll("[data-stage-of]")) {
    const call = calls.get(place.dataset.stageOf);
    const stage = call?.stage ?? "idle";
    place.dataset.stage = stage;
    for (const one of place.querySelectorAll("[data-stage-word]")) one.hidden = one.dataset.stageWord !== stage;
    place.querySelector("[data-stage-drill]").hidden = !call?.drill;
  }
}

for (const button of document.querySelectorAll('[data-part="call"], [data-part="presence"]')) makeMomentary(button);
for (const button of document.querySelectorAll('[data-part="seat"]')) makeToggle(button);
live.addEventListener("lamp", (event) => showLamp(event.detail));
live.addEventListener("news", showStages);
showStages();
