using System.Globalization;
using System.Runtime.InteropServices;
using Garnet;

// Hosts one Garnet server until its parent goes away: it stops when stdin closes (a parent that was killed cannot leave it
// behind) or on SIGTERM. Arguments: port [further Garnet arguments, such as --password secret]. Prints READY once it listens.
if (args.Length == 0 || !ushort.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("usage: Coordination.Garnet PORT [--password SECRET]");
    return 2;
}

string[] arguments =
[
    "--bind", "127.0.0.1",
    "--port", port.ToString(CultureInfo.InvariantCulture),
    // Without the transaction mode Garnet runs scripts side by side, key by key: a queue is then no queue.
    "--lua", "--lua-transaction-mode", "-m", "64m", "-i", "1m", "-q",
    .. Authentication(args[1..]),
];

using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

// Disposed exactly once: Garnet does not bear a second time.
using var server = new GarnetServer(arguments);
server.Start();
Console.Out.WriteLine("READY");
await Console.Out.FlushAsync();

var input = Task.Run(async () =>
{
    while (await Console.In.ReadLineAsync(stop.Token) is not null)
    {
    }
});
await Task.WhenAny(input, Task.Delay(Timeout.Infinite, stop.Token));
return 0;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

static string[] Authentication(string[] rest) => rest is ["--password", var password, .. var more]
    ? ["--auth", "Password", "--password", password, .. more]
    : rest;
