using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>
/// Waits for a reply or for a token, whichever comes first, and is used again: <c>Task.WaitAsync</c> allocates at every call, twice in an acquire + release.
/// </summary>
internal sealed class RedisReplyWait : IValueTaskSource<RedisResult>
{
    private const int Most = 256;

    private static readonly ConcurrentQueue<RedisReplyWait> Rest = new();

    private readonly Action _onReply;
    private ManualResetValueTaskSourceCore<RedisResult> _core;
    private CancellationTokenRegistration _registration;
    private Task<RedisResult>? _reply;
    private int _isSettled;
    private bool _isAnswered;

    private RedisReplyWait() => _onReply = OnReply;

    /// <summary>Waits.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="cancellationToken">Ends the waiting, not the request.</param>
    /// <returns>The reply, to be awaited once.</returns>
    public static ValueTask<RedisResult> For(Task<RedisResult> reply, CancellationToken cancellationToken)
    {
        if (reply.IsCompleted)
        {
            return new ValueTask<RedisResult>(reply);
        }

        if (!Rest.TryDequeue(out var wait))
        {
            wait = new RedisReplyWait();
        }

        wait._reply = reply;
        wait._registration = cancellationToken.UnsafeRegister(static (state, token) => ((RedisReplyWait)state!).OnCancelled(token), wait);
        reply.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(wait._onReply);
        return new ValueTask<RedisResult>(wait, wait._core.Version);
    }

    RedisResult IValueTaskSource<RedisResult>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            Return();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<RedisResult>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<RedisResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void OnReply()
    {
        if (Interlocked.Exchange(ref _isSettled, 1) != 0)
        {
            return;
        }

        // Waits for a cancellation under way, which then finds it settled.
        _registration.Dispose();
        _isAnswered = true;
        var reply = _reply!;
        if (reply.IsCompletedSuccessfully)
        {
#pragma warning disable RS0030 // Completed.
            _core.SetResult(reply.Result);
#pragma warning restore RS0030
        }
        else
        {
            _core.SetException(reply.Exception?.InnerException ?? new TaskCanceledException(reply));
        }
    }

    private void OnCancelled(CancellationToken token)
    {
        if (Interlocked.Exchange(ref _isSettled, 1) == 0)
        {
            _core.SetException(new OperationCanceledException(token));
        }
    }

    private void Return()
    {
        // After a cancellation the reply still refers to it, and would settle somebody else's wait.
        if (!_isAnswered || Rest.Count >= Most)
        {
            return;
        }

        _reply = null;
        _registration = default;
        _isAnswered = false;
        _core.Reset();
        Volatile.Write(ref _isSettled, 0);
        Rest.Enqueue(this);
    }
}
