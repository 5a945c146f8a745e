// SPDX-License-Identifier: Apache-2.0
//
// An echo server of JSON messages with a length of 4 bytes, big-endian, before each.
// Usage: node node_echo.js --bind 127.0.0.1:PORT
'use strict';

const net = require('net');

const HEADER = 4;

function handle(message) {
    return message;
}

function reply(payload) {
    const text = JSON.stringify(handle(JSON.parse(payload)));
    const frame = Buffer.allocUnsafe(HEADER + Buffer.byteLength(text));
    frame.writeUInt32BE(frame.length - HEADER, 0);
    frame.write(text, HEADER);
    return frame;
}

function serve(socket) {
    let chunks = [];  // of a message that has not arrived whole
    let size = 0;
    let wanted = HEADER;  // bytes in chunks before it is worth looking at them
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size < wanted) return;
        const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, size);
        let begin = 0;
        wanted = HEADER;
        socket.cork();  // replies leave together
        while (bytes.length - begin >= HEADER) {
            const end = begin + HEADER + bytes.readUInt32BE(begin);
            if (end > bytes.length) {
                wanted = end - begin;
                break;
            }
            socket.write(reply(bytes.toString('utf8', begin + HEADER, end)));
            begin = end;
        }
        socket.uncork();
        chunks = begin === bytes.length ? [] : [bytes.subarray(begin)];
        size = bytes.length - begin;
    });
}

function main(args) {
    const match = args.length === 2 && args[0] === '--bind' && /^([^:]+):(\d+)$/.exec(args[1]);
    if (!match) {
        console.error('usage: node_echo.js --bind 127.0.0.1:PORT');
        process.exit(2);
    }
    const server = net.createServer(serve);
    server.on('error', (error) => {
        console.error(`node_echo.js: ${error.message}`);
        process.exit(1);
    });
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
    server.listen({host: match[1], port: Number(match[2]), backlog: 4096}, () => {
        console.log(`listening on ${match[1]}:${server.address().port}`);
    });
}

main(process.argv.slice(2));
