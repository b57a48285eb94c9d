// Runs side by side. Pictures zoom and move together, in all panes and on top of each other; films and sounds share one
// timeline.

const root = document.querySelector("[data-compare]");
const MAX = 24;

class Pictures {
  constructor() {
    this.tools = root.querySelector("[data-compare-tools]");
    this.overlay = root.querySelector("[data-compare-overlay]");
    this.swipe = root.querySelector("[data-compare-swipe]");
    this.pair = root.querySelector("[data-compare-pair]");
    this.view = { scale: 1, x: 0, y: 0 };
    this.pointers = new Map();
    this.tools.hidden = false;
    this.tools.addEventListener("change", () => this.look());
    this.tools.addEventListener("input", () => this.meet());
    this.tools.addEventListener("click", (event) => this.click(event));
    for (const stage of root.querySelectorAll("[data-compare-stage]")) this.listen(stage);
    this.look();
  }

  get chosen() {
    return this.tools.querySelector("[name=look]:checked").value;
  }

  listen(stage) {
    stage.addEventListener("wheel", (event) => this.wheel(event, stage), { passive: false });
    stage.addEventListener("keydown", (event) => this.key(event));
    stage.addEventListener("pointerdown", (event) => this.down(event, stage));
    stage.addEventListener("pointermove", (event) => this.move(event, stage));
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (event) => {
        this.pointers.delete(event.pointerId);
        this.pinch = null;
      });
    }
    stage.addEventListener("dblclick", () => this.zoom(this.view.scale > 1 ? 1 : 3));
  }

  look() {
    const look = this.chosen;
    root.dataset.look = look;
    this.overlay.hidden = look === "side";
    this.overlay.dataset.look = look;
    this.swipe.hidden = look !== "swipe";
    if (this.pair) this.pair.hidden = look === "side";
    if (look !== "side") {
      const other = this.pair?.querySelector("select").value ?? "B";
      root.querySelector("[data-compare-other]").textContent = other;
      const pictures = ["A", other].map((letter) => root.querySelector(`[data-letter="${letter}"] img`).cloneNode());
      this.overlay.firstElementChild.replaceChildren(...pictures);
      this.meet();
    }
    this.draw();
  }

  meet() {
    this.overlay.style.setProperty("--swipe", `${this.swipe.querySelector("input").value}%`);
    this.draw();
  }

  click(event) {
    const how = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (how === "in") this.zoom(this.view.scale * 1.5);
    else if (how === "out") this.zoom(this.view.scale / 1.5);
    else if (how === "fit") this.zoom(1);
  }

  /** Places are kept as parts of the stage, so that stages of other sizes show the same spot. */
  zoom(scale, at = { x: 0, y: 0 }) {
    const next = Math.min(MAX, Math.max(1, scale));
    const factor = next / this.view.scale;
    this.view = { scale: next, x: at.x - (at.x - this.view.x) * factor, y: at.y - (at.y - this.view.y) * factor };
    this.draw();
  }

  draw() {
    const reach = (this.view.scale - 1) / 2;
    this.view.x = Math.min(reach, Math.max(-reach, this.view.x));
    this.view.y = Math.min(reach, Math.max(-reach, this.view.y));
    for (const stage of root.querySelectorAll("[data-compare-stage]")) {
      stage.toggleAttribute("data-zoomed", this.view.scale > 1);
      const { clientWidth: width, clientHeight: height } = stage;
      for (const image of stage.querySelectorAll("img")) {
        image.style.transform = `translate(${this.view.x * width}px, ${this.view.y * height}px) scale(${this.view.scale})`;
      }
    }
    // The edge stays where the slider says, however far the pictures are zoomed.
    const swipe = Number(this.swipe.querySelector("input").value) / 100;
    this.overlay.style.setProperty("--edge", `${swipe * 100}%`);
    const inside = 0.5 + (swipe - 0.5 - this.view.x) / this.view.scale;
    this.overlay.style.setProperty("--swipe", `${Math.min(1, Math.max(0, inside)) * 100}%`);
  }

  place(event, stage) {
    const box = stage.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width - 0.5, y: (event.clientY - box.top) / box.height - 0.5 };
  }

  wheel(event, stage) {
    if (!event.ctrlKey && this.view.scale === 1) return;
    event.preventDefault();
    this.zoom(this.view.scale * Math.exp(-event.deltaY / 300), this.place(event, stage));
  }

  key(event) {
    const step = 0.08;
    const deeds = {
      "+": () => this.zoom(this.view.scale * 1.5),
      "=": () => this.zoom(this.view.scale * 1.5),
      "-": () => this.zoom(this.view.scale / 1.5),
      0: () => this.zoom(1),
      ArrowLeft: () => (this.view.x += step),
      ArrowRight: () => (this.view.x -= step),
      ArrowUp: () => (this.view.y += step),
      ArrowDown: () => (this.view.y -= step),
    };
    const deed = deeds[event.key];
    if (!deed || event.ctrlKey || event.metaKey || (event.key.startsWith("Arrow") && this.view.scale === 1)) return;
    event.preventDefault();
    deed();
    this.draw();
  }

  spread() {
    const [a, b] = [...this.pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  }

  down(event, stage) {
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) this.pinch = { spread: this.spread(), scale: this.view.scale };
    const swipes = this.swipes(stage);
    if (this.view.scale > 1 || this.pointers.size === 2 || swipes) stage.setPointerCapture(event.pointerId);
    if (swipes) this.swipeTo(event, stage);
  }

  /** Where the pictures meet follows the pointer, as long as there is nothing to move. */
  swipes(stage) {
    return this.chosen === "swipe" && this.view.scale === 1 && this.overlay.contains(stage);
  }

  swipeTo(event, stage) {
    this.swipe.querySelector("input").value = String((this.place(event, stage).x + 0.5) * 100);
    this.meet();
  }

  move(event, stage) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2 && this.pinch) {
      this.zoom((this.pinch.scale * this.spread()) / this.pinch.spread, this.place(event, stage));
    } else if (this.view.scale > 1) {
      this.view.x += (event.clientX - before.clientX) / stage.clientWidth;
      this.view.y += (event.clientY - before.clientY) / stage.clientHeight;
      this.draw();
    } else if (this.pointers.size === 1 && this.swipes(stage)) this.swipeTo(event, stage);
  }
}

class Timeline {
  constructor() {
    this.tools = root.querySelector("[data-compare-timeline]");
    this.tracks = [...root.querySelectorAll("[data-track]")];
    this.seek = this.tools.querySelector("input[type=range]");
    this.button = this.tools.querySelector("[data-play]");
    this.words = this.tools.querySelector("[data-play-words]");
    this.muted = this.tools.querySelector("[data-muted]");
    this.tools.hidden = false;
    this.button.addEventListener("click", () => this.toggle());
    this.seek.addEventListener("input", () => this.go((this.seek.value / 1000) * this.length));
    this.muted.addEventListener("change", () => this.hear());
    for (const track of this.tracks) {
      for (const name of ["play", "pause", "ended"]) track.addEventListener(name, () => this.follow(track, name));
      track.addEventListener("seeked", () => this.align(track));
      track.addEventListener("timeupdate", () => this.show());
    }
    this.hear();
  }

  /** The longest of them: shorter ones wait at their ends. */
  get length() {
    return Math.max(...this.tracks.map((track) => track.duration || 0));
  }

  get playing() {
    return this.tracks.some((track) => !track.paused && !track.ended);
  }

  toggle() {
    if (this.playing) this.tracks.forEach((track) => track.pause());
    else {
      if (this.moment >= this.length - 0.05) this.go(0);
      this.start();
    }
  }

  start() {
    for (const track of this.tracks) if (!track.ended && track.paused) track.play().catch(() => {});
  }

  get moment() {
    return Math.max(...this.tracks.map((track) => track.currentTime));
  }

  go(moment) {
    for (const track of this.tracks) track.currentTime = Math.min(moment, track.duration || moment);
    this.show();
  }

  /** What a person does to one of them is done to all. */
  follow(track, what) {
    if (what === "play") this.start();
    else if (what === "pause" && !track.ended) for (const other of this.tracks) if (!other.ended) other.pause();
    this.name();
  }

  name() {
    this.words.textContent = this.playing ? "Pause all" : "Play all";
    this.button.toggleAttribute("data-playing", this.playing);
  }

  align(track) {
    for (const other of this.tracks) {
      const wanted = Math.min(track.currentTime, other.duration || track.currentTime);
      if (other !== track && Math.abs(other.currentTime - wanted) > 0.15) other.currentTime = wanted;
    }
  }

  show() {
    if (!this.length) return;
    const ahead = this.tracks.reduce((one, other) => (other.currentTime > one.currentTime ? other : one));
    if (this.playing && !ahead.seeking) this.align(ahead);
    this.seek.value = String((this.moment / this.length) * 1000);
    this.tools.querySelector("[data-moment]").textContent = `${this.moment.toFixed(1)} s`;
    this.name();
  }

  hear() {
    this.tracks.forEach((track, index) => (track.muted = index > 0 && this.muted.checked));
  }
}

if (root.dataset.compare === "image") new Pictures();
else if (root.querySelector("[data-compare-timeline]")) new Timeline();
