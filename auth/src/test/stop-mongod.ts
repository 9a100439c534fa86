/** jest's globalTeardown: stops that mongod. */
export default async function stop(): Promise<void> {
  await globalThis.testMongod?.stop();
}
