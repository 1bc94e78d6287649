/**
 * onnxruntime's builds for Linux and macOS hold a collector, on by default: as soon as the library is loaded it reads the
 * machine's id, writes a device id and a database into the user's cache, and looks for a server to post model names, class
 * names and run times to. This variable switches all of it off. Native code reads the environment that the process was
 * started with or that its main thread has set, so whatever starts a process sets it: the command line, the hosts for their
 * engines, tests and benchmarks. It stands apart from the library, which no host loads.
 */
export const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' } as const;
