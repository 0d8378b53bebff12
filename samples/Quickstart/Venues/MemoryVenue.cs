using System.Threading.Channels;
using Coordination;
using Coordination.InMemory;

namespace Quickstart;

/// <summary>A server in memory; the workers are tasks of this process, each with a coordinator and a connection of its own.</summary>
internal sealed class MemoryVenue : Venue
{
    private readonly InMemoryServer _server = new();

    public override string Description => "an in-memory server, all in this process";

    public override string HowLeadersEnd => "cut off";

    public override Coordinator Connect(string holder) => new(_server.CreateBackend(), Setting.For(holder));

    public override IWorkerHandle StartWorker(string name, bool sabotage, ChannelWriter<WorkerEvent> events) =>
        new WorkerTask(name, _server.CreateBackend(), sabotage, events);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
