namespace Coordination.ZooKeeper.Client;

/// <summary>Reads the body of a reply.</summary>
internal delegate T ReplyReader<out T>(ref JuteReader reader, ZooKeeperChroot chroot);

/// <summary>A request on its way: the frame to send, and who waits for the reply.</summary>
internal abstract class ZooKeeperRequest(ZooKeeperOpCode type, string? path)
{
    private CancellationTokenRegistration _cancellation;

    /// <summary>What is sent.</summary>
    public JuteWriter Frame { get; } = Begin(type);

    public ZooKeeperOpCode Type { get; } = type;

    /// <summary>The path, as the caller gave it.</summary>
    public string? Path { get; } = path;

    /// <summary>Its number within the connection.</summary>
    public int Xid { get; set; }

    /// <summary>
    /// Called on the read loop with the server's answer, before the caller hears of it and before the next frame is looked at: a watch that it sets misses nothing. Not called when
    /// the caller has left.
    /// </summary>
    public Action<ZooKeeperErrorCode>? Replied { get; init; }

    /// <summary>Whether nobody waits any more: it was answered, has failed, or was cancelled. One that was sent keeps its place in the order of the replies all the same.</summary>
    public abstract bool IsCompleted { get; }

    /// <summary>Starts a frame: the header, whose xid is put in when it is sent.</summary>
    public static JuteWriter Begin(ZooKeeperOpCode type, int xid = 0)
    {
        var writer = new JuteWriter();
        writer.WriteInt32(xid);
        writer.WriteInt32((int)type);
        return writer;
    }

    /// <summary>Takes the reply.</summary>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public void Complete(ZooKeeperErrorCode code, ref JuteReader body, ZooKeeperChroot chroot)
    {
        if (!IsCompleted)
        {
            Replied?.Invoke(code);
        }

        _cancellation.Unregister();
        SetReply(code, ref body, chroot);
    }

    /// <summary>Takes what came instead of a reply.</summary>
    public void Fail(Exception exception)
    {
        Frame.Dispose();
        _cancellation.Unregister();
        SetException(exception);
    }

    /// <summary>Lets the caller go when its token is cancelled. To be called before the request is sent.</summary>
    /// <param name="cancelled">What to do then.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    public void CancelWith(Action<ZooKeeperRequest> cancelled, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (state, token) =>
                {
                    var (request, cancelled) = ((ZooKeeperRequest, Action<ZooKeeperRequest>))state!;
                    request.SetCanceled(token);
                    cancelled(request);
                },
                (this, cancelled));
        }
    }

    protected abstract void SetReply(ZooKeeperErrorCode code, ref JuteReader body, ZooKeeperChroot chroot);

    protected abstract void SetException(Exception exception);

    protected abstract void SetCanceled(CancellationToken cancellationToken);
}

/// <summary>A request with what its reply becomes.</summary>
internal sealed class ZooKeeperRequest<T>(ZooKeeperOpCode type, string? path, ReplyReader<T> read) : ZooKeeperRequest(type, path)
{
    // Callers' code must not run on the read loop.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether a node that does not exist is an answer, such as <see langword="null"/>.</summary>
    public bool AllowsNoNode { get; init; }

    public Task<T> Task => _completion.Task;

    /// <inheritdoc/>
    public override bool IsCompleted => _completion.Task.IsCompleted;

    /// <inheritdoc/>
    protected override void SetReply(ZooKeeperErrorCode code, ref JuteReader body, ZooKeeperChroot chroot)
    {
        if (code == ZooKeeperErrorCode.NoNode && AllowsNoNode)
        {
            _completion.TrySetResult(default!);
        }
        else if (code != ZooKeeperErrorCode.Ok)
        {
            _completion.TrySetException(ZooKeeperException.Refused(code, Type, Path));
        }
        else
        {
            try
            {
                _completion.TrySetResult(read(ref body, chroot));
            }
            catch (ZooKeeperException exception)
            {
                _completion.TrySetException(exception);
            }
            catch (Exception exception)
            {
                // Whatever it is, the caller hears of it, and the connection ends.
                _completion.TrySetException(new ZooKeeperException(
                    ZooKeeperErrorCode.ConnectionLoss, $"The reply to {Type}{(Path is null ? "" : $" '{Path}'")} could not be read: {exception.Message}", exception)
                { Path = Path });
                throw;
            }
        }
    }

    /// <inheritdoc/>
    protected override void SetException(Exception exception) => _completion.TrySetException(exception);

    /// <inheritdoc/>
    protected override void SetCanceled(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
}
