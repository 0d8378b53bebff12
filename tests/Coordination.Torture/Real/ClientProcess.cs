using System.Net;
using Coordination.Conformance;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Real;

/// <summary>A client process, and its ways to the servers.</summary>
internal sealed class ClientProcess : ChildProcess
{
    private ClientProcess(string name, IReadOnlyList<FaultProxy> ways, IEnumerable<string> arguments, Action<Event> record)
        : base(arguments, line => record(EventLines.Read(line))) => (Name, Ways) = (name, ways);

    public string Name { get; }

    /// <summary>A proxy to each server, for this client alone.</summary>
    public IReadOnlyList<FaultProxy> Ways { get; }

    /// <summary>Whether it is dead, stopped, or otherwise not to be hit again just now.</summary>
    public bool IsBusy { get; set; }

    public bool IsDead { get; set; }

    public static ClientProcess Start(DriverSettings settings, string name, int seed, IReadOnlyList<IPEndPoint> servers, int register, Action<Event> record)
    {
        FaultProxy[] ways = [.. servers.Select(static server => FaultProxy.Start(server))];
        string[] peer = settings.Peer is null ? [] : ["--peer", settings.Peer];
        return new ClientProcess(
            name,
            ways,
            [
                "client", "--origin", $"{settings.Clock.Origin}", "--backend", settings.Backend, "--endpoints", string.Join(';', ways.Select(static way => way.EndPoint)),
                "--name", name, "--seed", $"{seed}", "--workers", $"{settings.Workers}", "--register", $"{register}", .. peer,
            ],
            record);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var way in Ways)
        {
            await way.DisposeAsync();
        }
    }
}

/// <summary>What every process of a run needs to know.</summary>
internal sealed record DriverSettings(string Backend, string? Peer, int Seed, int Workers, SharedClock Clock);
