using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Coordination.Torture.Recording;
using Spectre.Console.Cli;

namespace Coordination.Torture.Real;

/// <summary>The register store, a process of its own: a line asks, a line answers. Nothing is ever done to it.</summary>
internal sealed class RegisterCommand : AsyncCommand<RegisterCommand.Settings>
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _registers = new(StringComparer.Ordinal);

    public override async Task<int> ExecuteAsync(CommandContext context, Settings settings, CancellationToken cancellationToken)
    {
        using var recorder = new LineRecorder(new SharedClock(settings.Origin));
        using var listener = new TcpListener(IPAddress.Loopback, settings.Port);
        listener.Start();
        _ = Task.Run(() => ServeAsync(listener, recorder), CancellationToken.None);

        // Whoever started it holds its standard input: it ends with them.
        await Task.Run(Console.In.ReadToEnd, CancellationToken.None);
        return 0;
    }

    private async Task ServeAsync(TcpListener listener, LineRecorder recorder)
    {
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync();
            _ = Task.Run(() => ServeAsync(client, recorder));
        }
    }

    private async Task ServeAsync(TcpClient client, LineRecorder recorder)
    {
        try
        {
            using (client)
            using (var reader = new StreamReader(client.GetStream()))
            {
                client.NoDelay = true;
                while (await reader.ReadLineAsync() is { } line && line.Split('\t') is [var resource, var token, var hold])
                {
                    Write(resource, long.Parse(token, CultureInfo.InvariantCulture), hold, recorder);
                    await client.GetStream().WriteAsync("ok\n"u8.ToArray());
                }
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // A client was killed.
        }
    }

    private void Write(string resource, long token, string hold, LineRecorder recorder)
    {
        lock (_gate)
        {
            var highest = _registers.GetValueOrDefault(resource);
            var isAccepted = token >= highest;
            _registers[resource] = Math.Max(highest, token);
            recorder.Record(new RegisterWritten(recorder.Now, resource, hold, token, highest, isAccepted));
        }
    }

    internal sealed class Settings : CommandSettings
    {
        [CommandOption("--origin <TIMESTAMP>")]
        public long Origin { get; init; }

        [CommandOption("--port <PORT>")]
        public int Port { get; init; }
    }
}
