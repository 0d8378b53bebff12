using System.Text;

namespace Coordination;

/// <summary>What may be a resource's name: checked once, before anything is sent, alike for all backends.</summary>
internal static class ResourceName
{
    public const int MaxBytes = 512;

    // Unpaired surrogates have no UTF-8: two names with different ones would become the same replacement character and collide.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static void Check(string name, string parameter = "name")
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        foreach (var character in name)
        {
            if (char.IsControl(character))
            {
                throw new ArgumentException(
                    $"A name must not contain control characters, but has U+{(int)character:X4}.", parameter);
            }
        }

        int bytes;
        try
        {
            bytes = name.Length > MaxBytes ? name.Length : StrictUtf8.GetByteCount(name);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException("A name must be valid Unicode, but has an unpaired surrogate.", parameter, exception);
        }

        if (bytes > MaxBytes)
        {
            throw new ArgumentException($"A name must be at most {MaxBytes} bytes of UTF-8, but has at least {bytes}.", parameter);
        }
    }
}
