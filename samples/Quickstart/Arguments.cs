using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Quickstart;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    public const int FewestWorkers = 3;
    public const int MostWorkers = 16;

    public static string Usage { get; } =
        $"""
        Quickstart: worker processes share a lock, a semaphore and an election; the leader is killed.

        usage: dotnet run --project samples/Quickstart [-- OPTIONS]

          (nothing)            host a Garnet server in this process and meet there, through the Redis backend
        {string.Join('\n', ServerBackend.All.Select(static backend => $"  {$"{backend.Option} {backend.Wanted}",-20} meet at your own server{(backend.Wanted.Contains(',', StringComparison.Ordinal) ? "s" : "")}; keys are under a prefix of this run and are removed"))}
          --backend memory     stay in one process: workers are tasks over an in-memory server
          --workers N          how many workers, {FewestWorkers} to {MostWorkers}; 4 if left out
          --plain              plain lines, as when the output is not a terminal
          --help               this text

        exit code: 0 all guarantees held, 1 one broke or a worker failed, 2 bad arguments
        """;

    public bool Help { get; private init; }

    public bool Plain { get; private init; }

    /// <summary>Hidden: one worker enters without asking anybody, to see that the referee notices.</summary>
    public bool Sabotage { get; private init; }

    public bool InMemory { get; private init; }

    public int Workers { get; private init; } = 4;

    public ServerBackend Backend { get; private init; } = ServerBackend.Default;

    /// <summary>The user's server; null to host one.</summary>
    public string? Server { get; private init; }

    public static bool TryParse(
        string[] args, [NotNullWhen(true)] out Arguments? arguments, [NotNullWhen(false)] out string? error)
    {
        arguments = null;
        error = null;
        var result = new Arguments();
        for (var rest = new ReadOnlySpan<string>(args); !rest.IsEmpty;)
        {
            (result, error, var used) = rest switch
            {
                ["--help" or "-h" or "-?", ..] => (result with { Help = true }, null, 1),
                ["--plain", ..] => (result with { Plain = true }, null, 1),
                ["--sabotage", ..] => (result with { Sabotage = true }, null, 1),
                ["--backend", "memory", ..] => (result with { InMemory = true }, null, 2),
                ["--workers", var text, ..] when IsWorkerCount(text, out var count) => (result with { Workers = count }, null, 2),
                [var option, var server, ..] when ServerBackend.Find(option) is { } backend && backend.IsWanted(server) =>
                    (result with { Backend = backend, Server = server }, null, 2),
                [var option, ..] => (result, Complaint(option), 1),
                [] => (result, null, 0),
            };
            if (error is not null)
            {
                return false;
            }

            rest = rest[used..];
        }

        if (result is { InMemory: true, Server: not null })
        {
            error = "--backend memory stays in this process; it goes with no server of yours.";
            return false;
        }

        arguments = result;
        return true;
    }

    private static string Complaint(string option) => option switch
    {
        "--backend" => "--backend takes memory.",
        "--workers" => $"--workers takes a number from {FewestWorkers} to {MostWorkers}.",
        _ when ServerBackend.Find(option) is { Wanted: RedlockServers.Wanted } => $"{option} takes an odd number of servers, 3 or more: {RedlockServers.Wanted}.",
        _ when ServerBackend.Find(option) is not null => $"{option} takes HOST:PORT, such as localhost:6379.",
        _ => $"Unknown option: {option}",
    };

    private static bool IsWorkerCount(string text, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count is >= FewestWorkers and <= MostWorkers;

    // What follows a comma are the driver's own settings, such as a password.
    public static bool IsHostAndPort(string text)
    {
        var server = text.Split(',')[0];
        var colon = server.LastIndexOf(':');
        return colon > 0
            && !server.StartsWith('-')
            && ushort.TryParse(server[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port > 0;
    }
}
