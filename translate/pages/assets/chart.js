"use strict";
// Curves over one axis: zoomed by dragging, wheel, keys or buttons; pointed at for their values.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LEFT = 56, RIGHT = 12, TOP = 14, BOTTOM = 38;
  const COLOURS = 8;
  const FEW_POINTS = 40; // then each point gets a dot
  const MANY_POINTS = 250; // then lines are thin, so that they do not cover each other
  const NEAR_PX = 8;
  const MOST_LABELS = 4;

  const node = (name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const element = (name, className, text) => {
    const made = document.createElement(name);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

  const written = (value) => {
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e9 || size < 1e-3)) return value.toExponential(2).replace(/\.?0+e/, "e");
    if (size >= 1e4) return Math.round(value).toLocaleString("en").replace(/,/g, "\u202f");
    return String(Number(value.toPrecision(4)));
  };

  const evenTicks = (low, high, count) => {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) || rough;
    const ticks = [];
    for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at++) {
      ticks.push(Number((at * step).toPrecision(12)));
    }
    return ticks;
  };
  const logTicks = (low, high) => {
    const factors = high - low > 2 ? [1] : [1, 2, 5];
    const stride = Math.max(1, Math.ceil((high - low) / 6));
    const ticks = [];
    for (let power = Math.floor(low); power <= high; power += stride) {
      for (const factor of factors) {
        const at = power + Math.log10(factor);
        if (at >= low && at <= high) ticks.push(at);
      }
    }
    return ticks;
  };

  class Chart {
    constructor(figure) {
      const data = JSON.parse(figure.querySelector("script").textContent);
      this.figure = figure;
      this.plot = figure.querySelector(".plot");
      this.isLogarithmic = data.logarithmic;
      this.xName = data.x;
      this.events = data.events.sort((one, other) => one.x - other.x);
      this.lines = data.lines.map((line, index) => ({
        name: line.name,
        index,
        isShown: true,
        points: line.points.map(([x, y]) => [x, this.height(y)]),
      }));
      const xs = this.lines.flatMap((line) => line.points.map((point) => point[0]));
      xs.push(...this.events.map((event) => event.x));
      this.isEmpty = xs.length === 0;
      const low = xs.reduce((a, b) => Math.min(a, b), Infinity);
      const high = xs.reduce((a, b) => Math.max(a, b), -Infinity);
      this.all = this.isEmpty ? [0, 1] : low === high ? [low - 0.5, high + 0.5] : [low, high];
      this.view = [...this.all];
      this.cursor = null; // an x that the pointer or the keys chose
      this.drag = null;
      this.listen();
      new ResizeObserver(() => this.draw()).observe(this.plot);
    }

    height(y) {
      if (y === null) return null;
      if (!this.isLogarithmic) return y;
      return y > 0 ? Math.log10(y) : null;
    }

    // Where a place of the axes is on the screen, and back.
    toX(x) { return LEFT + ((x - this.view[0]) / (this.view[1] - this.view[0])) * this.width; }
    toY(y) { return TOP + (1 - (y - this.low) / (this.high - this.low)) * this.tall; }
    fromX(px) { return this.view[0] + ((px - LEFT) / this.width) * (this.view[1] - this.view[0]); }

    get shown() { return this.lines.filter((line) => line.isShown); }

    // The points in view, and one beyond each end, so that curves leave over the edge.
    visible(line) {
      const first = line.points.findIndex((point) => point[0] >= this.view[0]);
      if (first < 0) return line.points.slice(-1);
      const beyond = line.points.findIndex((point) => point[0] > this.view[1]);
      return line.points.slice(Math.max(first - 1, 0), beyond < 0 ? undefined : beyond + 1);
    }

    measure() {
      this.width = Math.max(this.plot.clientWidth - LEFT - RIGHT, 10);
      this.total = this.plot.clientWidth < 480 ? 220 : 260;
      this.tall = this.total - TOP - BOTTOM;
      const ys = this.shown.flatMap((line) => this.visible(line).map((point) => point[1]));
      const numbers = ys.filter((y) => y !== null);
      let low = numbers.length ? numbers.reduce((a, b) => Math.min(a, b)) : 0;
      let high = numbers.length ? numbers.reduce((a, b) => Math.max(a, b)) : 1;
      if (low === high) [low, high] = [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
      const room = (high - low) * 0.06;
      this.low = !this.isLogarithmic && low >= 0 && low - room < 0 ? 0 : low - room;
      this.high = high + room;
    }

    draw() {
      if (!this.plot.clientWidth) return;
      this.plot.dataset.view = this.view.join(" ");
      this.measure();
      const svg = node("svg", { height: this.total, "aria-hidden": "true" });
      const clip = `clip-${[...document.querySelectorAll(".chart")].indexOf(this.figure)}`;
      const defs = node("defs", {});
      defs.append(node("clipPath", { id: clip }));
      defs.firstChild.append(node("rect", { x: LEFT - 4, y: 0, width: this.width + 8, height: TOP + this.tall + 4 }));
      const inside = node("g", { "clip-path": `url(#${clip})` });
      svg.append(defs);
      this.drawAxes(svg);
      this.drawEvents(inside);
      for (const line of this.shown) this.drawLine(inside, line);
      svg.append(inside);
      this.svg = svg;
      this.marks = node("g", {}); // cursor and choice: drawn again and again without the rest
      svg.append(this.marks);
      const old = this.plot.querySelector("svg");
      if (old) old.replaceWith(svg); else this.plot.prepend(svg);
      this.drawMarks();
    }

    drawAxes(svg) {
      const ground = TOP + this.tall;
      const ticks = this.isLogarithmic ? logTicks(this.low, this.high) : evenTicks(this.low, this.high, 4);
      for (const y of ticks) {
        const at = this.toY(y);
        svg.append(node("line", { class: "grid", x1: LEFT, x2: LEFT + this.width, y1: at, y2: at }));
        const value = this.isLogarithmic ? Number((10 ** y).toPrecision(6)) : y;
        svg.append(node("text", { x: LEFT - 8, y: at + 4, "text-anchor": "end" }, written(value)));
      }
      for (const x of evenTicks(...this.view, clamp(Math.floor(this.width / 70), 3, 10))) {
        const at = this.toX(x);
        svg.append(node("line", { class: "grid", x1: at, x2: at, y1: ground, y2: ground + 4 }));
        svg.append(node("text", { x: at, y: ground + 17, "text-anchor": "middle" }, written(x)));
      }
      const middle = LEFT + this.width / 2;
      svg.append(node("text", { x: middle, y: ground + 33, "text-anchor": "middle" }, this.xName));
      svg.append(node("line", { class: "grid", x1: LEFT, x2: LEFT + this.width, y1: ground, y2: ground }));
      if (!this.shown.some((line) => line.points.some((point) => point[1] !== null))) {
        svg.append(node("text", { x: middle, y: TOP + this.tall / 2, "text-anchor": "middle" }, "nothing to show"));
      }
    }

    drawLine(group, line) {
      const points = this.visible(line);
      const style = `line-${line.index % COLOURS} dash-${Math.floor(line.index / COLOURS) % 3}`;
      let path = "";
      let isDrawing = false;
      points.forEach(([x, y], index) => {
        if (y === null) { isDrawing = false; return; }
        path += `${isDrawing ? "L" : "M"}${this.toX(x).toFixed(2)} ${this.toY(y).toFixed(2)}`;
        const isAlone = !isDrawing && (points[index + 1] || [0, null])[1] === null;
        if (isAlone || points.length <= FEW_POINTS) {
          const fill = `fill-${line.index % COLOURS}`;
          group.append(node("circle", { class: fill, cx: this.toX(x), cy: this.toY(y), r: 2.5 }));
        }
        isDrawing = true;
      });
      group.append(node("path", { class: `curve ${points.length > MANY_POINTS ? "dense " : ""}${style}`, d: path, "data-line": line.index }));
    }

    drawEvents(group) {
      for (const event of this.events) {
        if (event.x < this.view[0] || event.x > this.view[1]) continue;
        const at = this.toX(event.x);
        group.append(node("line", { class: `event ${event.kind}`, x1: at, x2: at, y1: TOP, y2: TOP + this.tall }));
        group.append(node("path", { class: `flag ${event.kind}`, d: `M${at - 5} ${TOP - 10}h10l-5 9z` }));
      }
    }

    drawMarks() {
      this.marks.replaceChildren();
      if (this.drag && this.drag.isFar) {
        const [from, to] = [this.drag.from, this.drag.to].sort((a, b) => a - b);
        this.marks.append(node("rect", { class: "chosen", x: from, width: to - from, y: TOP, height: this.tall }));
      }
      const tip = this.plot.querySelector(".tip");
      if (tip) tip.remove();
      if (this.cursor === null || (this.drag && this.drag.isFar)) return;
      const at = this.toX(this.cursor);
      if (at < LEFT - 1 || at > LEFT + this.width + 1) return;
      this.marks.append(node("line", { class: "cursor", x1: at, x2: at, y1: TOP, y2: TOP + this.tall }));
      this.showTip(at);
    }

    showTip(at) {
      const tip = element("div", "tip");
      tip.setAttribute("role", "status");
      tip.append(element("b", "", `${this.xName} ${written(this.cursor)}`));
      const near = this.events.filter((event) => Math.abs(this.toX(event.x) - at) <= NEAR_PX);
      for (const event of near.slice(0, MOST_LABELS)) tip.append(element("div", event.kind, event.label));
      if (near.length > MOST_LABELS) tip.append(element("div", "alarm", `and ${near.length - MOST_LABELS} more`));
      for (const line of this.shown) {
        const point = this.nearest(line, this.cursor);
        if (!point || Math.abs(this.toX(point[0]) - at) > Math.max(NEAR_PX, this.width / 60)) continue;
        const row = element("div", "");
        const swatch = node("svg", { class: "swatch", viewBox: "0 0 20 10" });
        const style = `line-${line.index % COLOURS} dash-${Math.floor(line.index / COLOURS) % 3}`;
        swatch.append(node("path", { class: style, d: "M1 5H19" }));
        const value = this.isLogarithmic ? 10 ** point[1] : point[1];
        row.append(swatch, element("span", "", line.name), element("span", "value", written(value)));
        tip.append(row);
        this.marks.append(node("circle", { class: `fill-${line.index % COLOURS}`, cx: this.toX(point[0]), cy: this.toY(point[1]), r: 4 }));
      }
      this.plot.append(tip);
      const isLeft = at > this.plot.clientWidth / 2;
      const left = isLeft ? at - tip.offsetWidth - 12 : at + 12;
      tip.style.left = `${clamp(left, 0, Math.max(0, this.plot.clientWidth - tip.offsetWidth))}px`;
      tip.style.top = `${TOP}px`;
    }

    nearest(line, x) {
      let best = null;
      for (const point of line.points) {
        if (point[1] !== null && (!best || Math.abs(point[0] - x) < Math.abs(best[0] - x))) best = point;
      }
      return best;
    }

    // Every x in view that something stands at, in order: what the arrow keys walk along.
    places() {
      const xs = this.shown.flatMap((line) => line.points.filter((point) => point[1] !== null).map((point) => point[0]));
      xs.push(...this.events.map((event) => event.x));
      return [...new Set(xs)].filter((x) => x >= this.view[0] && x <= this.view[1]).sort((a, b) => a - b);
    }

    pointAt(px) {
      const x = this.fromX(px);
      const places = this.places();
      this.cursor = places.reduce((best, at) => (best === null || Math.abs(at - x) < Math.abs(best - x) ? at : best), null);
      this.drawMarks();
    }

    walk(steps) {
      const places = this.places();
      if (!places.length) return;
      const here = this.cursor === null ? -1 : places.findIndex((x) => x >= this.cursor);
      const next = this.cursor === null ? (steps > 0 ? 0 : places.length - 1) : clamp(here + steps, 0, places.length - 1);
      this.cursor = places[next];
      this.drawMarks();
    }

    zoomTo(from, to) {
      const [first, last] = this.all;
      const least = (last - first) / 1e4;
      const span = clamp(to - from, least, last - first);
      const start = clamp((from + to - span) / 2, first, last - span);
      this.view = [start, start + span];
      this.isZoomed = span < (last - first) * 0.9999;
      this.figure.querySelector('[data-zoom="all"]').disabled = !this.isZoomed;
      this.draw();
    }

    zoomBy(factor, x) {
      const at = x === undefined ? (this.view[0] + this.view[1]) / 2 : x;
      this.zoomTo(at - (at - this.view[0]) * factor, at + (this.view[1] - at) * factor);
    }

    pan(share) {
      const span = this.view[1] - this.view[0];
      const start = clamp(this.view[0] + share * span, this.all[0], this.all[1] - span);
      this.zoomTo(start, start + span);
    }

    showAll() { this.zoomTo(...this.all); }

    listen() {
      const place = (event) => clamp(event.clientX - this.plot.getBoundingClientRect().left, LEFT, LEFT + this.width);
      this.plot.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        this.plot.setPointerCapture(event.pointerId);
        this.drag = { from: place(event), to: place(event), isFar: false };
      });
      this.plot.addEventListener("pointermove", (event) => {
        if (this.drag) {
          this.drag.to = place(event);
          this.drag.isFar = this.drag.isFar || Math.abs(this.drag.to - this.drag.from) > NEAR_PX;
        }
        this.pointAt(place(event));
      });
      this.plot.addEventListener("pointerup", (event) => {
        const drag = this.drag;
        this.drag = null;
        if (drag && drag.isFar && Math.abs(drag.to - drag.from) > NEAR_PX) {
          const [from, to] = [drag.from, drag.to].map((px) => this.fromX(px)).sort((a, b) => a - b);
          this.zoomTo(from, to);
        } else {
          this.pointAt(place(event));
        }
      });
      this.plot.addEventListener("pointercancel", () => { this.drag = null; this.drawMarks(); });
      this.plot.addEventListener("pointerleave", () => {
        if (!this.drag) { this.cursor = null; this.drawMarks(); }
      });
      this.plot.addEventListener("dblclick", () => this.showAll());
      this.plot.addEventListener("wheel", (event) => {
        // Else nobody could scroll past a chart.
        if (!event.ctrlKey && document.activeElement !== this.plot) return;
        if (event.deltaY > 0 && !this.isZoomed) return;
        event.preventDefault();
        this.zoomBy(Math.exp(clamp(event.deltaY, -200, 200) * 0.002), this.fromX(place(event)));
      }, { passive: false });
      this.plot.addEventListener("keydown", (event) => this.press(event));
      for (const button of this.figure.querySelectorAll("[data-zoom]")) {
        const acts = { in: () => this.zoomBy(0.5), out: () => this.zoomBy(2), all: () => this.showAll() };
        button.addEventListener("click", acts[button.dataset.zoom]);
      }
      for (const key of this.figure.querySelectorAll("button.key")) {
        key.addEventListener("click", () => {
          const line = this.lines[Number(key.dataset.line)];
          line.isShown = !line.isShown;
          key.setAttribute("aria-pressed", String(line.isShown));
          this.draw();
        });
      }
    }

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const at = this.cursor === null ? undefined : this.cursor;
      const acts = {
        "+": () => this.zoomBy(0.5, at), "=": () => this.zoomBy(0.5, at), "-": () => this.zoomBy(2, at),
        ArrowLeft: () => (event.shiftKey ? this.pan(-0.2) : this.walk(-1)),
        ArrowRight: () => (event.shiftKey ? this.pan(0.2) : this.walk(1)),
        Home: () => this.showAll(), 0: () => this.showAll(), Escape: () => this.showAll(),
      };
      if (!(event.key in acts)) return;
      event.preventDefault();
      acts[event.key]();
    }
  }

  for (const figure of document.querySelectorAll("figure.chart")) new Chart(figure);
  // How to use a chart is said once.
  [...document.querySelectorAll(".chart .hint")].slice(1).forEach((hint) => { hint.hidden = true; });
})();
