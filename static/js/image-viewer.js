// [data-image-viewer]: zoom with the wheel (Ctrl held), the buttons, + - 0 1 keys or two fingers; pan by dragging or arrow keys.

const MAX = 32;

class Viewer {
  constructor(root) {
    this.stage = root.querySelector("[data-viewer-stage]");
    this.image = this.stage?.querySelector("img");
    if (!this.image) return;
    this.level = root.querySelector(".viewer-level");
    this.pointers = new Map();
    this.reset();
    root.querySelector("[data-viewer-tools]").hidden = false;
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "group");
    this.stage.setAttribute("aria-label", "Picture: plus and minus zoom, arrow keys move it, 0 fits it");
    root.addEventListener("click", (event) => this.click(event));
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("dblclick", (event) => (this.scale > 1 ? this.reset() : this.zoom(this.full(), event)));
    this.stage.addEventListener("pointerdown", (event) => this.down(event));
    this.stage.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.stage.addEventListener(name, (event) => this.up(event));
    this.image.addEventListener("load", () => this.describe(root));
    this.describe(root);
  }

  describe(root) {
    const pixels = root.querySelector("[data-viewer-pixels]");
    const { naturalWidth: width, naturalHeight: height } = this.image;
    if (pixels && width && !pixels.textContent) pixels.textContent = `${width} × ${height} · `;
  }

  reset() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.draw();
  }

  /** The scale at which one picture pixel is one screen pixel. */
  full() {
    const ratio = this.image.naturalWidth / devicePixelRatio / (this.image.clientWidth || 1);
    return Math.min(MAX, Math.max(1, ratio));
  }

  zoom(scale, point) {
    const next = Math.min(MAX, Math.max(1, scale));
    const box = this.stage.getBoundingClientRect();
    const px = (point?.clientX ?? box.left + box.width / 2) - box.left - box.width / 2;
    const py = (point?.clientY ?? box.top + box.height / 2) - box.top - box.height / 2;
    const factor = next / this.scale;
    this.x = px - (px - this.x) * factor;
    this.y = py - (py - this.y) * factor;
    this.scale = next;
    this.draw();
  }

  draw() {
    const box = this.stage.getBoundingClientRect();
    const reachX = Math.max(0, (this.image.clientWidth * this.scale - box.width) / 2);
    const reachY = Math.max(0, (this.image.clientHeight * this.scale - box.height) / 2);
    this.x = Math.min(reachX, Math.max(-reachX, this.x));
    this.y = Math.min(reachY, Math.max(-reachY, this.y));
    this.image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    const pixel = (this.image.clientWidth * this.scale * devicePixelRatio) / (this.image.naturalWidth || 1);
    if (this.scale === 1) delete this.stage.dataset.zoomed;
    else this.stage.dataset.zoomed = pixel >= 2 ? "pixels" : "smooth";
    if (this.level) this.level.textContent = this.scale === 1 ? "fit" : `${Math.round(pixel * 100)} %`;
  }

  click(event) {
    const button = event.target.closest("[data-zoom]");
    if (!button) return;
    const how = button.dataset.zoom;
    if (how === "in") this.zoom(this.scale * 1.5);
    else if (how === "out") this.zoom(this.scale / 1.5);
    else if (how === "full") this.zoom(this.full());
    else this.reset();
  }

  wheel(event) {
    if (!event.ctrlKey && this.scale === 1) return;
    event.preventDefault();
    this.zoom(this.scale * Math.exp(-event.deltaY / 300), event);
  }

  key(event) {
    const step = 60;
    const deeds = {
      "+": () => this.zoom(this.scale * 1.5),
      "=": () => this.zoom(this.scale * 1.5),
      "-": () => this.zoom(this.scale / 1.5),
      0: () => this.reset(),
      1: () => this.zoom(this.full()),
      ArrowLeft: () => (this.x += step),
      ArrowRight: () => (this.x -= step),
      ArrowUp: () => (this.y += step),
      ArrowDown: () => (this.y -= step),
    };
    const deed = deeds[event.key];
    if (!deed || event.ctrlKey || event.metaKey || (event.key.startsWith("Arrow") && this.scale === 1)) return;
    event.preventDefault();
    deed();
    this.draw();
  }

  spread() {
    const [a, b] = [...this.pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  }

  down(event) {
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) this.pinch = { spread: this.spread(), scale: this.scale };
    if (this.scale > 1 || this.pointers.size === 2) {
      this.stage.setPointerCapture(event.pointerId);
      this.stage.dataset.dragging = "";
    }
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2 && this.pinch) {
      this.zoom((this.pinch.scale * this.spread()) / this.pinch.spread, event);
    } else if (this.scale > 1) {
      this.x += event.clientX - before.clientX;
      this.y += event.clientY - before.clientY;
      this.draw();
    }
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    this.pinch = null;
    delete this.stage.dataset.dragging;
  }
}

const known = new WeakSet();

function enhance() {
  document.querySelectorAll("[data-image-viewer]").forEach((root) => {
    if (known.has(root)) return;
    known.add(root);
    new Viewer(root);
  });
}

enhance();
document.addEventListener("atelier:swapped", enhance);
document.addEventListener("htmx:afterSettle", enhance);
