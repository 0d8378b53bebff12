using System.Threading.Channels;
using Coordination;

namespace Quickstart;

/// <summary>A server, the user's or one of ours; the workers are processes.</summary>
internal sealed class ServerVenue : Venue
{
    private readonly ServerBackend _backend;
    private readonly string _server;
    private readonly GarnetHost? _host;
    private readonly string _prefix = $"quickstart-{Guid.NewGuid():N}";
    private bool _isUsed;

    public ServerVenue(ServerBackend backend, string server)
    {
        _backend = backend;
        _server = server;
        Description = $"the server at {server.Split(',')[0]}, keys under {_prefix}";
    }

    public ServerVenue(ServerBackend backend, GarnetHost host)
        : this(backend, host.Endpoint)
    {
        _host = host;
        Description = $"a Garnet server in this process, at {host.Endpoint}";
    }

    public override string Description { get; }

    public override string HowLeadersEnd => "killed";

    public override Coordinator Connect(string holder) => new(_backend.Connect(_server, _prefix), Setting.For(holder));

    public override IWorkerHandle StartWorker(string name, bool sabotage, ChannelWriter<WorkerEvent> events)
    {
        _isUsed = true;
        return new WorkerProcess(name, _backend, _server, _prefix, sabotage, events);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_host is null && _isUsed)
        {
            await _backend.SweepAsync(_server, _prefix);
        }

        _host?.Dispose();
    }
}
