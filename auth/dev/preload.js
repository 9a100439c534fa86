// What ts-node-dev loads first in the process of the service.
//
// That process tells ts-node-dev of every module that it loads, though only those outside node_modules are watched. If
// ts-node-dev is busy, some 300 of these messages fill the channel. Then the request to compile the next file stays behind
// in a process that does nothing but wait for that file: for ever.
const send = process.send;
process.send = function (message) {
  if (message && typeof message.required === 'string' && message.required.includes('node_modules'))
    return true;
  return send.apply(process, arguments);
};
