// Stands in the VS Code server for the native module `@vscode/spdlog`, which is not compiled there: without it every log
// channel is empty. Only what VS Code calls: https://github.com/microsoft/node-spdlog/blob/main/index.d.ts
'use strict';
const { appendFileSync, mkdirSync } = require('node:fs');
const { dirname } = require('node:path');

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'critical'];
const OFF = LEVELS.length;
const NAMES = { warn: 'warning' };

class Logger {
  #file;
  #level = LEVELS.indexOf('info');
  #plain = false;

  constructor(_type, _name, file) {
    mkdirSync(dirname(file), { recursive: true });
    this.#file = file;
  }

  getLevel() {
    return this.#level;
  }

  setLevel(level) {
    this.#level = level;
  }

  /** VS Code knows one pattern, and no pattern. */
  setPattern() {
    this.#plain = false;
  }

  clearFormatters() {
    this.#plain = true;
  }

  flush() {}

  drop() {
    this.#level = OFF;
  }

  write(level, message) {
    if (LEVELS.indexOf(level) < this.#level) return;
    const time = new Date().toISOString().replace('T', ' ').replace('Z', '');
    appendFileSync(this.#file, this.#plain ? message : `${time} [${NAMES[level] ?? level}] ${message}\n`);
  }
}
for (const level of LEVELS) {
  Logger.prototype[level] = function log(message) {
    this.write(level, message);
  };
}

const create = async (name, file) => new Logger('rotating', name, file);

exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
