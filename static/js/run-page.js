// The page of one run: when the run ends, timeline, files and evidence are out of date too, so the page loads once more.

const OPEN = ["queued", "sending", "accepted"];
const result = document.querySelector(".result[data-live-run]");
const begunOpen = result && OPEN.includes(result.dataset.state);

document.addEventListener("atelier:swapped", (event) => {
  const node = event.detail?.node;
  if (!begunOpen || !node?.matches?.(".result") || OPEN.includes(node.dataset.state)) return;
  if (node.dataset.live === "false") location.reload();
});
