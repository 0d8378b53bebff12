using Garnet;

// The arguments are Garnet's own, such as --bind 127.0.0.1 --port 5000 --lua. The server ends when standard input does,
// so that it cannot outlive the test process that started it.
using var server = new GarnetServer(args);
server.Start();
Console.WriteLine("ready");
await Console.In.ReadToEndAsync();
