using System.Threading.Channels;

namespace Coordination.Conformance;

/// <summary>
/// A worker for backends without processes, such as the in-memory one: the same loop on a coordinator and a connection of its own. Paused,
/// its timers and its connection stand still; killed, its connection never speaks again.
/// </summary>
public sealed class InProcessWorker : Worker
{
    private readonly Channel<string> _commands = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();
    private readonly CancellationTokenSource _stop = new();
    private readonly BackendConnection _connection;
    private readonly StallableTime _clock;
    private readonly Coordinator _coordinator;
    private readonly Task _loop;
    private volatile bool _dead;

    public InProcessWorker(BackendServer server, BackendConnection connection, TimeSpan duration)
    {
        _connection = connection;
        _clock = new StallableTime(server.Time.Provider);
        _coordinator = new Coordinator(connection.Backend, new CoordinatorOptions { LeaseDuration = duration }, _clock);
        _loop = new WorkerLoop(
            _coordinator,
            _clock,
            async token => await _commands.Reader.ReadAsync(token),
            line => _ = _dead || _events.Writer.TryWrite(line)).RunAsync(_stop.Token);
    }

    public override ValueTask SendAsync(string command) => _commands.Writer.WriteAsync(command);

    public override async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken) =>
        await _events.Reader.WaitToReadAsync(cancellationToken) && _events.Reader.TryRead(out var line) ? line : null;

    public override ValueTask PauseAsync()
    {
        _clock.Stall();
        _connection.Cut();
        return ValueTask.CompletedTask;
    }

    public override ValueTask ResumeAsync()
    {
        _connection.Restore();
        _clock.Resume();
        return ValueTask.CompletedTask;
    }

    public override ValueTask KillAsync()
    {
        _dead = true;
        _clock.Stall();
        _connection.Cut();
        _events.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        _dead = true;
        await _stop.CancelAsync();
        _clock.Resume();
        _connection.Restore();
        await Task.WhenAny(_loop);
        await _coordinator.DisposeAsync();
        await _connection.DisposeAsync();
        _stop.Dispose();
    }
}
