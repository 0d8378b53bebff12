namespace Coordination.InMemory;

/// <summary>A call that does not go straight through: a request on its way, or a reply that is waited for.</summary>
/// <remarks>
/// The steps are plain callbacks and not awaits, so that each has been taken when the call that causes it (completing a task, advancing a fake clock,
/// thawing the server) returns. Only the caller's own continuation is left to the thread pool.
/// </remarks>
internal abstract class Call
{
    /// <summary>The reply will not come.</summary>
    /// <param name="isSeen">Whether the caller is told at once, or left to wait.</param>
    public abstract void Lose(bool isSeen);

    /// <summary>Takes the next step when a moment has come, however its task ended.</summary>
    protected static void When(Task? moment, Action next)
    {
        if (moment is null or { IsCompleted: true })
        {
            next();
        }
        else
        {
            moment.ContinueWith(
                static (_, next) => ((Action)next!)(),
                next,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }
}

/// <inheritdoc/>
internal sealed class Call<TState, TReply>(
    InMemoryServer server, InMemoryRequest request, InMemoryFault? fault, TState state, Func<InMemoryStore, TState, TReply> apply) : Call
{
    private readonly TaskCompletionSource<TReply> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isLost;

    /// <summary>What the caller waits for.</summary>
    public Task<TReply> Reply => _reply.Task;

    public void Send()
    {
        if (fault is { IsRequestLost: true })
        {
            Lose(fault.IsBreakSeen);
        }
        else
        {
            When(fault?.ApplyAfter, Arrive);
        }

        if (fault?.RepeatAfter is { } moment)
        {
            When(moment, ArriveAgain);
        }
    }

    /// <summary>The caller goes away. What was sent goes on.</summary>
    public void Cancel(CancellationToken token) => _reply.TrySetCanceled(token);

    public override void Lose(bool isSeen)
    {
        _isLost = true;
        if (isSeen)
        {
            var place = request.Resource.Length == 0 ? "" : $" of '{request.Resource}'";
            _reply.TrySetException(new CoordinationException(
                $"in-memory: {request.Operation}{place} failed: the connection to the server broke. Whether the request was applied is not known. Try again.",
                isTransient: true));
        }
    }

    private void Arrive()
    {
        if (!server.TryApply(request.Operation, state, apply, Arrive, out var reply))
        {
            return;
        }

        if (fault is { IsReplyLost: true })
        {
            Lose(fault.IsBreakSeen);
        }
        else
        {
            When(fault?.ReplyAfter, () => Complete(reply!));
        }
    }

    /// <summary>The copy: nobody waits for its reply.</summary>
    private void ArriveAgain() => server.TryApply(request.Operation, state, apply, ArriveAgain, out _);

    private void Complete(TReply reply)
    {
        if (!_isLost)
        {
            _reply.TrySetResult(reply);
        }
    }
}
