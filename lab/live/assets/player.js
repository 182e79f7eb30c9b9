// Replays a recording in a view: play, pause, step, seek, at 0.25 to 8 times the speed.
"use strict";
{
  const h = Live.h;
  const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

  Live.check = (recording) => {
    if (recording?.version !== 1 || !Array.isArray(recording.events) || !Array.isArray(recording.about?.lanes))
      throw new Error("This is no recording of the live page, or one of another version than 1.");
    return recording;
  };

  Live.Player = class {
    constructor(view, recording, { speed = 1 } = {}) {
      this.view = view;
      this.recording = Live.check(recording);
      this.events = recording.events.filter((event) => event.type !== "run");
      this.ends = this.events.reduce((latest, event) => Math.max(latest, event.t), 0);
      view.span = Math.max(5, this.ends);
      this.playButton = h("button", { type: "button", class: "play", onclick: () => this.toggle() }, "Play");
      this.speed = h("select", { "aria-label": "Speed" }, ...SPEEDS.map((each) => h("option", { value: each, selected: each === speed }, `${each}×`)));
      this.seekBar = h("input", { type: "range", min: "0", max: String(Math.ceil(this.ends * 10) / 10), step: "0.1", value: "0", "aria-label": "Moment of the recording",
        oninput: () => { this.pause(); this.seek(Number(this.seekBar.value)); } });
      this.clock = h("output", { class: "clock" }, "");
      this.element = h("div", { class: "player", role: "group", "aria-label": "Replay" }, this.playButton,
        h("button", { type: "button", onclick: () => this.step() }, "Step"), this.seekBar, this.clock, this.speed);
      this.seek(0);
    }

    toggle() {
      if (this.playing) this.pause();
      else this.play();
    }

    play() {
      if (this.t >= this.ends) this.seek(0);
      this.playing = true;
      this.playButton.textContent = "Pause";
      this.before = performance.now();
      const tick = (now) => {
        if (!this.playing) return;
        this.advance(this.t + ((now - this.before) / 1000) * Number(this.speed.value));
        this.before = now;
        if (this.t >= this.ends) this.pause();
        else requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }

    pause() {
      this.playing = false;
      this.playButton.textContent = "Play";
    }

    step() { // to the next event that a reader can see
      this.pause();
      let next = this.at;
      while (next < this.events.length && this.events[next].type === "health") next++;
      if (next < this.events.length) this.advance(this.events[next].t);
    }

    seek(t) {
      this.view.open(this.recording.about);
      this.at = 0;
      this.t = 0;
      this.advance(t);
    }

    advance(t) {
      this.t = Math.min(t, this.ends);
      const from = this.at;
      while (this.at < this.events.length && this.events[this.at].t <= this.t) this.at++;
      if (this.t >= this.ends) this.at = this.events.length;
      this.view.apply(this.events.slice(from, this.at));
      this.seekBar.value = String(this.t);
      this.clock.textContent = `${this.t.toFixed(1)} of ${this.ends.toFixed(1)} s`;
    }
  };
}
