// Counts answers under the name that the script gives it, as a project's own plugin would.
exports.Plugin = class {
  constructor(script) {
    if (process.env.LOCAL_WORKER_ID === undefined) return;
    const name = script.config.plugins['shop-meter'].counts;
    script.config.processor = script.config.processor || {};
    script.config.processor.shopMeter = (req, res, context, events, next) => {
      events.emit('counter', name, 1);
      next();
    };
    for (const s of script.scenarios) s.afterResponse = [].concat(s.afterResponse || [], 'shopMeter');
  }
};
