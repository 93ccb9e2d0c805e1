// A touch on the plan writes the place into the fields beside it; the fields alone are sent.
const form = document.querySelector(".spot")?.closest("form");
const field = (name) => form.elements.namedItem(name);

function show() {
  for (const floor of form.querySelectorAll("[data-floor]")) {
    const { width, depth } = floor.dataset;
    const [x, y] = [field("x_m").value, field("y_m").value];
    const isHere = field("floor").value === floor.dataset.floor && x !== "" && y !== "";
    floor.querySelector(".spot-mark")?.remove();
    floor.closest("figure").hidden = Boolean(field("floor").value) && field("floor").value !== floor.dataset.floor;
    if (!isHere) continue;
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    mark.setAttribute("class", "spot-mark");
    mark.setAttribute("cx", `${(100 * x) / width}%`);
    mark.setAttribute("cy", `${(100 * y) / depth}%`);
    mark.setAttribute("r", "12");
    floor.querySelector(".floor-map").append(mark);
  }
}

function touched(event) {
  const floor = event.currentTarget;
  const box = floor.getBoundingClientRect();
  const metres = (at, from, length, whole) => (Math.min(Math.max((at - from) / length, 0), 1) * whole).toFixed(1);
  field("floor").value = floor.dataset.floor;
  field("x_m").value = metres(event.clientX, box.left, box.width, floor.dataset.width);
  field("y_m").value = metres(event.clientY, box.top, box.height, floor.dataset.depth);
  show();
}

if (form && !form.querySelector("fieldset.plan-fields").disabled) {
  for (const floor of form.querySelectorAll("[data-floor]")) floor.addEventListener("click", touched);
  for (const name of ["floor", "x_m", "y_m"]) field(name).addEventListener("input", show);
}
if (form) show();
