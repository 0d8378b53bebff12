using Coordination.Backends;
using Coordination.Conformance;
using Coordination.InMemory;

namespace Coordination.Tests.Conformance;

/// <summary>A connection whose wire is played by the backend's hooks, as TCP would do it: silence delays, a break loses.</summary>
public sealed class InMemoryConnection : BackendConnection
{
    private readonly Lock _lock = new();
    private readonly InMemoryBackend _backend;
    private readonly List<Action> _hintsUnderWay = [];
    private TaskCompletionSource? _silence;
    private (string Resource, TaskCompletionSource Done)? _loss;
    private (string Resource, Task Late)? _copy;

    public InMemoryConnection(InMemoryBackend backend)
    {
        _backend = backend;
        backend.OnRequest = OnRequest;
        backend.OnHint = OnHint;
    }

    public override ICoordinationBackend Backend => _backend;

    public override void Cut()
    {
        lock (_lock)
        {
            _silence ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public override void Restore()
    {
        var (silence, hints) = EndSilence();
        silence?.TrySetResult();
        hints.ForEach(hint => hint());
    }

    public override ValueTask BreakAsync()
    {
        // What is under way is lost: requests fail, hints never come.
        var (silence, _) = EndSilence();
        _backend.Disconnect(isBreakSeen: true);
        silence?.TrySetException(new CoordinationException("The connection to the in-memory server broke. Try again.", isTransient: true));
        _backend.Reconnect();
        return ValueTask.CompletedTask;
    }

    public override Task LoseNextReplyAsync(string resource)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _loss = (resource, done);
        }

        return done.Task;
    }

    public override Func<Task>? CopyNextClaim(string resource)
    {
        var late = new TaskCompletionSource(); // the copy has come when it is set, not soon after
        lock (_lock)
        {
            _copy = (resource, late.Task);
        }

        return () =>
        {
            late.SetResult();
            return Task.CompletedTask;
        };
    }

    /// <summary>The server is dead: every request is refused.</summary>
    internal void Refuse() => _backend.Disconnect(isBreakSeen: true);

    /// <summary>The server is back.</summary>
    internal void Welcome() => _backend.Reconnect();

    public override ValueTask DisposeAsync() => _backend.DisposeAsync();

    private InMemoryFault? OnRequest(InMemoryRequest request)
    {
        lock (_lock)
        {
            if (_loss is { } loss && loss.Resource == request.Resource)
            {
                _loss = null;
                loss.Done.SetResult();
                return new InMemoryFault { IsReplyLost = true, IsBreakSeen = true };
            }

            if (_copy is { } copy && copy.Resource == request.Resource && request.Operation == InMemoryOperation.Claim)
            {
                _copy = null;
                return InMemoryFault.RepeatRequest(copy.Late);
            }

            return _silence is null ? null : new InMemoryFault { ApplyAfter = _silence.Task };
        }
    }

    private void OnHint(Action hint)
    {
        lock (_lock)
        {
            if (_silence is not null)
            {
                _hintsUnderWay.Add(hint);
                return;
            }
        }

        hint();
    }

    private (TaskCompletionSource? Silence, List<Action> Hints) EndSilence()
    {
        lock (_lock)
        {
            var silence = _silence;
            List<Action> hints = [.. _hintsUnderWay];
            _silence = null;
            _hintsUnderWay.Clear();
            return (silence, hints);
        }
    }
}
