/** Most measurements kept of one endpoint: with more in the window, the latest count. */
export const MOST_SAMPLES = 512;
const FEWEST = 32;

/** The latest measurements of one endpoint in a ring that grows as it is used, then turns. */
export class Samples {
  #times = new Float64Array(FEWEST);
  #latencies = new Float64Array(FEWEST);
  #throughputs = new Float64Array(FEWEST);
  #count = 0;
  #next = 0;

  /** @param latency in milliseconds @param throughput in tokens per second; NaN: not known */
  add(now: number, latency: number, throughput: number): void {
    if (this.#next === this.#times.length) {
      if (this.#times.length < MOST_SAMPLES) this.#grow();
      else this.#next = 0;
    }
    this.#times[this.#next] = now;
    this.#latencies[this.#next] = latency;
    this.#throughputs[this.#next] = throughput;
    this.#next += 1;
    this.#count = Math.max(this.#count, this.#next);
  }

  latenciesSince(since: number): Float64Array {
    return this.#since(since, this.#latencies);
  }

  throughputsSince(since: number): Float64Array {
    return this.#since(since, this.#throughputs);
  }

  #since(since: number, values: Float64Array): Float64Array {
    const found = new Float64Array(this.#count);
    let length = 0;
    for (let at = 0; at < this.#count; at += 1) {
      const value = values[at] ?? Number.NaN;
      if ((this.#times[at] ?? 0) <= since || Number.isNaN(value)) continue;
      found[length] = value;
      length += 1;
    }
    return found.subarray(0, length);
  }

  #grow(): void {
    const grown = (from: Float64Array) => {
      const to = new Float64Array(Math.min(MOST_SAMPLES, from.length * 2));
      to.set(from);
      return to;
    };
    this.#times = grown(this.#times);
    this.#latencies = grown(this.#latencies);
    this.#throughputs = grown(this.#throughputs);
  }
}
