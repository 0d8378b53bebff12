using System.Threading.Channels;
using Coordination;

namespace Quickstart;

/// <summary>Where the workers meet.</summary>
internal abstract class Venue : IAsyncDisposable
{
    public abstract string Description { get; }

    /// <summary>What happens to the leader: "killed".</summary>
    public abstract string HowLeadersEnd { get; }

    public static Venue Open(Arguments arguments) => arguments switch
    {
        { InMemory: true } => new MemoryVenue(),
        { Server: { } server } => new ServerVenue(arguments.Backend, server),
        _ => new ServerVenue(arguments.Backend, GarnetHost.Start()),
    };

    /// <summary>A coordinator of our own, to look on.</summary>
    public abstract Coordinator Connect(string holder);

    public abstract IWorkerHandle StartWorker(string name, bool sabotage, ChannelWriter<WorkerEvent> events);

    /// <summary>Called when all workers are gone: leaves nothing behind.</summary>
    public abstract ValueTask DisposeAsync();
}
