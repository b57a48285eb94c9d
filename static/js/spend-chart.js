// Pointing at a bar of the chart, or reaching it by keyboard, says its figures in the card's head.

const chart = document.querySelector(".spend-chart");
const readout = chart?.querySelector(".spend-readout");

if (readout) {
  const usual = readout.dataset.usual;
  const say = (event) => {
    readout.textContent = event.target.closest(".spend-slot")?.dataset.say ?? usual;
  };
  readout.textContent = usual;
  for (const name of ["pointerover", "focusin"]) chart.querySelector(".spend-bars")?.addEventListener(name, say);
  for (const name of ["pointerleave", "focusout"]) {
    chart.querySelector(".spend-bars")?.addEventListener(name, () => {
      readout.textContent = usual;
    });
  }
  // The same words twice would be one too many.
  for (const title of chart.querySelectorAll(".spend-slot title")) title.remove();
}
