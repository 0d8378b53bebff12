using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Coordination.ZooKeeper.Client;

/// <summary>
/// Writes one frame of ZooKeeper's wire format: a length, then big-endian integers, and strings, buffers and vectors with their lengths before them.
/// Disposing gives the memory back.
/// </summary>
internal sealed class JuteWriter : IDisposable
{
    /// <summary>What a server accepts of a request (jute.maxbuffer): it hangs up above that, so it must not be sent.</summary>
    public const int MaxLength = 0xfffff;

    private const int LengthSize = sizeof(int);

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256);
    private int _written = LengthSize;

    /// <summary>The frame with its length, as it goes over the wire. Call <see cref="Complete"/> first.</summary>
    public ReadOnlySpan<byte> Frame => _buffer.AsSpan(0, _written);

    /// <summary>The same.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _written);

    /// <summary>The length of what follows the frame's length.</summary>
    public int Length => _written - LengthSize;

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Take(sizeof(long)), value);

    public void WriteBoolean(bool value) => Take(1)[0] = value ? (byte)1 : (byte)0;

    /// <summary>Writes a string in UTF-8. One that has no UTF-8 (half a surrogate pair) is refused, not replaced: its name would be another.</summary>
    /// <exception cref="ArgumentException">The string has no UTF-8.</exception>
    public void WriteString(string? value)
    {
        if (value is null)
        {
            WriteInt32(-1);
            return;
        }

        var length = StrictUtf8.Encoding.GetByteCount(value);
        WriteInt32(length);
        StrictUtf8.Encoding.GetBytes(value, Take(length));
    }

    public void WriteBuffer(ReadOnlySpan<byte> value)
    {
        WriteInt32(value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <summary>Writes the frame's length at its beginning.</summary>
    public void Complete() => BinaryPrimitives.WriteInt32BigEndian(_buffer, Length);

    /// <summary>Writes the request's number into the header, which begins with it.</summary>
    public void SetXid(int xid) => BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(LengthSize), xid);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _written = 0;
        }
    }

    private Span<byte> Take(int length)
    {
        var needed = checked(_written + length);
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _written).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var span = _buffer.AsSpan(_written, length);
        _written = needed;
        return span;
    }
}

/// <summary>UTF-8 that refuses what is none.</summary>
internal static class StrictUtf8
{
    public static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
